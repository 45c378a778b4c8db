"""The commands of ``greenlight``, one module for each subject; ``workflow.cli`` puts them together."""
