"""The target that puts the platform on Alibaba Cloud."""
