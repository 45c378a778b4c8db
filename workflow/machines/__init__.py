"""The two state machines, written with the AWS Step Functions Data Science SDK; each reads like its picture."""
