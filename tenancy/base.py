"""What every model that belongs to a shop shares."""

from __future__ import annotations

from typing import Any

from django.db import models

from common.errors import NoShop
from tenancy.context import CurrentShop, require_shop_id


class ScopedQuerySet(models.QuerySet):
    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        objs = list(objs)
        for obj in objs:
            refuse_other_shop(obj)
        return super().bulk_create(objs, *args, **kwargs)


class ScopedManager(models.Manager.from_queryset(ScopedQuerySet)):  # type: ignore[misc]
    """Sees the current shop's rows and refuses to run without a shop."""

    def get_queryset(self) -> ScopedQuerySet:
        return super().get_queryset().filter(shop_id=CurrentShop())


class ShopModel(models.Model):
    shop = models.ForeignKey(
        "tenancy.Shop",
        models.PROTECT,
        default=require_shop_id,
        editable=False,
        db_index=False,
        related_name="+",
    )

    objects = ScopedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"
        constraints = [
            # What composite keys point to.
            models.UniqueConstraint(fields=["shop", "id"], name="%(app_label)s_%(class)s_in_shop")
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        refuse_other_shop(self)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        refuse_other_shop(self)
        return super().delete(*args, **kwargs)


def refuse_other_shop(obj: Any) -> None:
    if obj.shop_id != require_shop_id():
        raise NoShop(f"{type(obj).__name__} of shop {obj.shop_id} used in shop {require_shop_id()}")
