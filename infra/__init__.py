"""What Greenlight runs on: the CloudFormation template, and the stand-in for AWS on one machine."""
