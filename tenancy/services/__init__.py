from tenancy.services.people import add_user, ensure_first_user
from tenancy.services.shops import create_shop

__all__ = ["add_user", "create_shop", "ensure_first_user"]
