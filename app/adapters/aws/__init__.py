"""Adapters for AWS: DynamoDB, S3, SQS and Secrets Manager, through the runtime's own boto3."""
