"""The functions of Greenlight: one folder is one deployed Lambda function."""
