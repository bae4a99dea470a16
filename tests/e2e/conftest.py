from tests.support.fixtures import project, running, shop

__all__ = ["project", "running", "shop"]
