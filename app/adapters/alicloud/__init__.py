"""Adapters for Alibaba Cloud: TableStore, OSS, MNS and secret parameters, through their SDKs."""
