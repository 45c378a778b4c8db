"""The CloudFormation stack of a project: what goes into it, how it is made, changed and deleted, what it puts out."""
