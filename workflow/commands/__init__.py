"""The commands of ``greenlight``, one module for each subject; ``workflow.commands.cli`` puts them together."""
