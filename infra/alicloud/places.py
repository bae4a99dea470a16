"""Where things are: their resource names (ARNs), as policies have them, and their addresses.

All of it follows from names, the region and the account, so that nothing has to be asked for. The
addresses are those within the region: they cost no traffic and are not on the internet.
"""

from dataclasses import dataclass

from infra.alicloud.names import Names


@dataclass(frozen=True, slots=True)
class Places:
    """The places of one stack's things in one region of one account."""

    names: Names
    region: str
    account: str

    def table(self, name: str) -> str:
        """The ARN of a table, or of an index, which is a table of its own there."""
        return self._arn("ots", f"instance/{self.names.instance}/table/{name}")

    def bucket(self, name: str) -> str:
        """The ARN of a bucket: its name is the world's only, so neither region nor account."""
        return bucket_arn(self.names.bucket(name))

    def queue(self, called: str) -> str:
        """The ARN of a queue by the name that it has in the account."""
        return self._arn("mns", f"/queues/{called}")

    def messages(self, called: str) -> str:
        """The ARN of what is in that queue."""
        return f"{self.queue(called)}/messages"

    def secret(self, name: str) -> str:
        """The ARN of a secret parameter."""
        return self._arn("oos", f"secretparameter/{self.names.of(name)}")

    def secret_value(self, name: str) -> str:
        """The ARN of what KMS keeps for it: it puts words of its own around the name."""
        return self._arn("kms", f"secret/*{self.names.of(name)}*")

    def logs(self, store: str) -> str:
        """The ARN of a log store."""
        return self._arn("log", f"project/{self.names.project}/logstore/{store}")

    def function(self, name: str) -> str:
        """The ARN of a function."""
        return self._arn("fc", f"functions/{self.names.of(name)}")

    @property
    def domain_target(self) -> str:
        """Where the DNS record of a domain of the shop's own has to point."""
        return f"{self.account}.{self.region}.fc.aliyuncs.com"

    @property
    def tables_endpoint(self) -> str:
        """Where TableStore's instance answers."""
        return f"https://{self.names.instance}.{self.region}.ots-internal.aliyuncs.com"

    @property
    def buckets_endpoint(self) -> str:
        """Where OSS answers."""
        return f"https://oss-{self.region}-internal.aliyuncs.com"

    @property
    def queues_endpoint(self) -> str:
        """Where the account's queues answer."""
        return f"https://{self.account}.mns.{self.region}-internal.aliyuncs.com"

    def _arn(self, service: str, rest: str) -> str:
        return f"acs:{service}:{self.region}:{self.account}:{rest}"


def bucket_arn(called: str) -> str:
    """The ARN of a bucket by the name that it has in the account."""
    return f"acs:oss:*:*:{called}"
