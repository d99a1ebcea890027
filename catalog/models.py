"""What a shop sells, where it keeps it, and whom it buys from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.search_key import SearchKeyField, SearchWordField, search_key
from common.search_words import LONGEST_WORD, words_of
from common.units import QUANTITY_SCALE
from tenancy.base import ScopedManager, ScopedQuerySet, ShopModel
from tenancy.constraints import SameShop, ShopForeignKey
from tenancy.context import current_shop

CURRENCY_CODE = RegexValidator(r"^[A-Z]{3}$", _("Write the currency as three letters, like EUR."))


def validate_weekdays(days: object) -> None:
    # Sorted and each once, so that equal weeks are equal values.
    fits = isinstance(days, list) and days == [day for day in range(7) if day in days]
    if not fits:
        raise ValidationError(_("Give weekdays as a list of numbers from 0, Monday, to 6, Sunday."))


class Category(ShopModel):
    name = models.CharField(_("name"), max_length=120)

    class Meta(ShopModel.Meta):
        ordering = ["name"]
        verbose_name_plural = _("categories")
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "name"], name="catalog_category_name"),
        ]

    def __str__(self) -> str:
        return self.name


class TaxRate(ShopModel):
    """A rate of value added or sales tax, for buying, selling or both."""

    name = models.CharField(_("name"), max_length=60)
    # Hundredths of a percent: 2000 is 20 %.
    rate = models.PositiveIntegerField(_("rate, %"), validators=[MaxValueValidator(100_00)])
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta(ShopModel.Meta):
        ordering = ["rate", "name"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "name"], name="catalog_taxrate_name"),
        ]

    def __str__(self) -> str:
        return self.name


class CurrencyRate(ShopModel):
    """What a unit of a supplier's currency costs in the shop's own, from a day on, as the owner typed it."""

    currency = models.CharField(_("currency"), max_length=3, validators=[CURRENCY_CODE])
    day = models.DateField(_("from"))
    # See common.units.RATE_SCALE.
    rate = models.BigIntegerField(_("rate"), validators=[MinValueValidator(1)])

    class Meta(ShopModel.Meta):
        ordering = ["currency", "-day"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "currency", "day"], name="catalog_currencyrate_day"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.day:%Y-%m-%d}"


class Family(ShopModel):
    """Products that differ in size or colour only."""

    name = models.CharField(_("name"), max_length=120)

    class Meta(ShopModel.Meta):
        ordering = ["name"]
        verbose_name_plural = _("families")
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "name"], name="catalog_family_name"),
        ]

    def __str__(self) -> str:
        return self.name


_WORDS_AT_ONCE = 2_000  # products


class ProductQuerySet(ScopedQuerySet):
    """Keeps the keys and words for searching also where products are written in bulk.

    Whoever changes names by `update()` calls `index_products` afterwards.
    """

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        made = super().bulk_create(objs, *args, **kwargs)
        index_products([product for product in made if product.pk], new=True)
        # With `ignore_conflicts` nobody says which were made, nor as what.
        keys = iter([search_key(product.sku) for product in made if not product.pk])
        while some := list(islice(keys, _WORDS_AT_ONCE)):
            index_products(Product.objects.filter(sku_key__in=some))
        return made

    def bulk_update(self, objs: Any, fields: Iterable[str], *args: Any, **kwargs: Any) -> int:
        objs, names = list(objs), set(fields)
        searched = {"sku", "name"} & names
        if not searched:
            return super().bulk_update(objs, names, *args, **kwargs)
        for product in objs:
            product.sku_key, product.name_key = search_key(product.sku), search_key(product.name)
        names |= {f"{name}_key" for name in searched}
        changed: int = super().bulk_update(objs, sorted(names), *args, **kwargs)
        index_products(objs)
        return changed


class ProductManager(ScopedManager.from_queryset(ProductQuerySet)):  # type: ignore[misc]
    pass


class Product(ShopModel):
    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        DISCONTINUED = "discontinued", _("Discontinued")  # sold and counted to its end, not ordered
        ARCHIVED = "archived", _("Archived")  # out of pickers, proposals and forecasts; kept in reports

    sku = models.CharField(_("SKU"), max_length=64)
    name = models.CharField(_("name"), max_length=200)
    # SKUs compare without case: tills and suppliers write A1 and a1 for one product.
    sku_key = SearchKeyField(of="sku")
    name_key = SearchKeyField(of="name")
    category = ShopForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="products")
    unit = models.CharField(_("stock unit"), max_length=20, default="piece")
    has_decimals = models.BooleanField(_("sold in parts of a unit"), default=False)
    # Ten-thousandths of a minor unit of the shop's currency, per stock unit.
    price = models.BigIntegerField(_("price"), null=True, blank=True, validators=[MinValueValidator(0)])
    cost = models.BigIntegerField(_("cost"), null=True, blank=True, validators=[MinValueValidator(0)])
    sales_tax = ShopForeignKey(
        TaxRate, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tax when sold")
    )
    purchase_tax = ShopForeignKey(
        TaxRate, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tax when bought")
    )
    state = models.CharField(_("state"), max_length=15, choices=State.choices, default=State.ACTIVE)
    # Variants of one family: the same thing in another size or colour.
    family = ShopForeignKey(Family, models.PROTECT, null=True, blank=True, related_name="products")
    size = models.CharField(_("size"), max_length=40, blank=True)
    colour = models.CharField(_("colour"), max_length=40, blank=True)
    # What buyers take instead now that this one has gone.
    replaced_by = ShopForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaces", verbose_name=_("replaced by")
    )
    # Whose demand a product without a past of its own is believed to follow.
    sells_like = ShopForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("sells like")
    )
    shelf_life_days = models.PositiveIntegerField(
        _("shelf life, days"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    # Millilitres (cubic centimetres) of storage per stock unit.
    volume = models.BigIntegerField(
        _("storage volume, ml"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = ProductManager()

    class Meta(ShopModel.Meta):
        ordering = ["sku_key"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("category"),
            SameShop("sales_tax"),
            SameShop("purchase_tax"),
            SameShop("family"),
            SameShop("replaced_by"),
            SameShop("sells_like"),
            models.UniqueConstraint(
                fields=["shop", "sku_key"],
                name="catalog_product_sku",
                violation_error_code="sku_taken",
                violation_error_message=_("A product with this SKU exists already."),
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "name_key"], name="catalog_product_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    @property
    def is_active(self) -> bool:
        return self.state == self.State.ACTIVE

    @property
    def is_archived(self) -> bool:
        return self.state == self.State.ARCHIVED

    def clean(self) -> None:
        self.sku_key = search_key(self.sku)

    def save(self, *args: Any, **kwargs: Any) -> None:
        is_new = self._state.adding
        super().save(*args, **kwargs)
        fields = kwargs.get("update_fields")
        if fields is None or {"sku", "name"} & set(fields):
            index_products([self], new=is_new)

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Also where a form leaves the shop and the key out: else a taken SKU would fail on saving."""
        super().validate_constraints(exclude=set(exclude or ()) - {"shop", "sku_key"})


class ProductWord(ShopModel):
    """A word under which a product is found (common/search_words.py), kept by `index_products`."""

    product = ShopForeignKey(Product, models.CASCADE, related_name="words")
    word = SearchWordField(max_length=LONGEST_WORD)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("product"),
            # By product, for keeping them and where a word is so common that products are read in turn.
            models.UniqueConstraint(fields=["shop", "product", "word"], name="catalog_word_once"),
        ]
        indexes = [models.Index(fields=["shop", "word", "product"], name="catalog_word_found")]

    def __str__(self) -> str:
        return self.word


def index_products(products: Iterable[Product], *, new: bool = False) -> None:
    """Make products findable under the words of their SKU and name.

    Product.save(), bulk_create() and bulk_update() call it; so must whoever writes SKUs or names
    in another way. Writes only what changed. new: they have no words yet.
    """
    rows = iter(products)
    while batch := list(islice(rows, _WORDS_AT_ONCE)):
        wanted = {(product.pk, word) for product in batch for word in words_of(product.sku, product.name)}
        if not new:
            ids = [product.pk for product in batch]
            have = {
                (product_id, word): pk
                for pk, product_id, word in ProductWord.objects.filter(product__in=ids).values_list(
                    "pk", "product_id", "word"
                )
            }
            ProductWord.objects.filter(pk__in=[have[key] for key in have.keys() - wanted]).delete()
            wanted -= have.keys()
        ProductWord.objects.bulk_create(
            # Neighbours in the index are written together.
            (ProductWord(product_id=product_id, word=word) for product_id, word in sorted(wanted)),
            batch_size=_WORDS_AT_ONCE,
        )


class ProductPicture(ShopModel):
    """A small picture of a product, drawn anew from what was uploaded."""

    product = ShopForeignKey(Product, models.CASCADE, related_name="pictures")
    content = models.BinaryField()  # WebP
    digest = models.CharField(max_length=64)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "product"], name="catalog_picture_once"),
        ]


class Barcode(ShopModel):
    product = ShopForeignKey(Product, models.CASCADE, related_name="barcodes")
    code = models.CharField(_("barcode"), max_length=64)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "code"], name="catalog_barcode_code"),
        ]
        indexes = [models.Index(fields=["shop", "product"], name="catalog_barcode_product")]

    def __str__(self) -> str:
        return self.code


class Warehouse(ShopModel):
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=120)
    address = models.TextField(_("delivery address"), max_length=500, blank=True)
    # Stock is kept from this day on; sales before it are history and move nothing.
    opening_date = models.DateField(_("stock is kept from"), null=True, blank=True)
    # Not in use: archived. It stays in reports.
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta(ShopModel.Meta):
        ordering = ["code"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "code"], name="catalog_warehouse_code"),
        ]

    def __str__(self) -> str:
        return self.name


class Location(ShopModel):
    """A place inside a warehouse: a shelf, a bin."""

    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="locations")
    code = models.CharField(_("code"), max_length=40)

    class Meta(ShopModel.Meta):
        ordering = ["code"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("warehouse"),
            models.UniqueConstraint(fields=["shop", "warehouse", "code"], name="catalog_location_code"),
        ]

    def __str__(self) -> str:
        return self.code


class Supplier(ShopModel):
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail for orders"), blank=True)
    contact_name = models.CharField(_("contact"), max_length=120, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    address = models.TextField(_("address"), max_length=500, blank=True)
    # Blank: the shop's own.
    currency = models.CharField(_("currency"), max_length=3, blank=True, validators=[CURRENCY_CODE])
    lead_time_days = models.PositiveSmallIntegerField(_("lead time, days"), default=7)
    review_days = models.PositiveSmallIntegerField(
        _("days between orders"), default=7, validators=[MinValueValidator(1)]
    )
    # Weekdays on which orders are taken, 0 is Monday; empty: on any day.
    order_days = models.JSONField(_("order days"), default=list, blank=True, validators=[validate_weekdays])
    # By the shop's clock: an order of an order day must be there by then.
    order_cut_off = models.TimeField(_("order by"), null=True, blank=True)
    # Minor units of the supplier's currency.
    minimum_order_value = models.BigIntegerField(
        _("minimum order value"), default=0, validators=[MinValueValidator(0)]
    )
    freight = models.BigIntegerField(_("freight per order"), default=0, validators=[MinValueValidator(0)])
    free_freight_from = models.BigIntegerField(
        _("free freight from"), null=True, blank=True, validators=[MinValueValidator(0)]
    )
    # The shop's own trouble with an order; minor units of the shop's currency.
    order_cost = models.BigIntegerField(
        _("cost of placing an order"), default=0, validators=[MinValueValidator(0)]
    )
    # Not in use: archived. It stays in reports.
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta(ShopModel.Meta):
        ordering = ["name"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "name"], name="catalog_supplier_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def trades_in(self) -> str:
        """The currency of its prices, minimum and freight; to be read inside the shop's scope."""
        return self.currency or current_shop().currency


class SupplierClosure(ShopModel):
    """Days on which a supplier neither takes orders nor delivers."""

    supplier = ShopForeignKey(Supplier, models.CASCADE, related_name="closures")
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(_("last day"))
    note = models.CharField(_("note"), max_length=120, blank=True)

    class Meta(ShopModel.Meta):
        ordering = ["first_day"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("supplier"),
            models.UniqueConstraint(fields=["shop", "supplier", "first_day"], name="catalog_closure_once"),
            models.CheckConstraint(
                condition=models.Q(last_day__gte=models.F("first_day")), name="catalog_closure_forward"
            ),
        ]


class SupplierProduct(ShopModel):
    """A supplier's terms for a product."""

    supplier = ShopForeignKey(Supplier, models.CASCADE, related_name="terms")
    product = ShopForeignKey(Product, models.CASCADE, related_name="terms")
    supplier_code = models.CharField(_("their code"), max_length=64, blank=True)
    # In the supplier's currency, without tax.
    unit_cost = models.BigIntegerField(_("unit cost"), validators=[MinValueValidator(0)])
    # Thousandths of the stock unit.
    pack = models.BigIntegerField(_("pack"), default=QUANTITY_SCALE, validators=[MinValueValidator(1)])
    minimum_quantity = models.BigIntegerField(_("MOQ"), default=0, validators=[MinValueValidator(0)])
    priority = models.PositiveSmallIntegerField(_("priority"), default=1)

    class Meta(ShopModel.Meta):
        ordering = ["priority", "id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("supplier"),
            SameShop("product"),
            models.UniqueConstraint(
                fields=["shop", "supplier", "product"], name="catalog_supplierproduct_once"
            ),
        ]
        indexes = [models.Index(fields=["shop", "product"], name="catalog_terms_by_product")]

    def __str__(self) -> str:
        return f"{self.supplier} · {self.product}"

    def packs_in(self, quantity: int) -> int | None:
        """How many packs `quantity` is; None where a pack is one unit, or where packs would be cut."""
        whole = self.pack != QUANTITY_SCALE and quantity % self.pack == 0
        return quantity // self.pack if whole else None


class PriceBreak(ShopModel):
    """A lower unit cost for all units of an order line that reaches a quantity."""

    terms = ShopForeignKey(SupplierProduct, models.CASCADE, related_name="breaks")
    minimum_quantity = models.BigIntegerField(_("from"), validators=[MinValueValidator(1)])
    unit_cost = models.BigIntegerField(_("unit cost"), validators=[MinValueValidator(0)])

    class Meta(ShopModel.Meta):
        ordering = ["minimum_quantity"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("terms"),
            models.UniqueConstraint(
                fields=["shop", "terms", "minimum_quantity"], name="catalog_pricebreak_once"
            ),
        ]
