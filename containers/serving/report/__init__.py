"""The page an approver reads: text, tables and drawings out of figures and documents, in one HTML file."""
