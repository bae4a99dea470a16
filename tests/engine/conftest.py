from tests.support.fixtures import project, running

__all__ = ["project", "running"]
