"""Changes to products, their barcodes, pictures, families and categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.gtin import has_wrong_check_digit, spellings
from catalog.models import Barcode, Category, Family, Product, ProductPicture
from catalog.pictures import digest_of, redrawn
from catalog.queries import clean_code
from catalog.room import refuse_if_full
from catalog.services.rows import save_row, told
from catalog.signals import product_unit_changing
from common.errors import BadInput, Conflict
from common.units import QUANTITY_SCALE
from tenancy.audit import record
from tenancy.models import User

Named = TypeVar("Named", Category, Family)


def save_product(product: Product, *, barcodes: Sequence[str] | None, actor: User | None) -> Product:
    """Add or change a product. `barcodes` are all that it carries; None leaves them as they are.

    Raises BadInput for a barcode that is mistyped or belongs to another product and for a product
    it cannot point to, Conflict where the SKU is taken, the shop is full or booked quantities speak
    against another unit. Then nothing is changed.
    """
    codes = None if barcodes is None else check_barcodes(barcodes, product)
    for field in ("replaced_by", "sells_like"):
        _refuse_wrong_pointer(product, field)
    if product.pk is None:
        refuse_if_full()
    else:
        _refuse_wrong_unit(product)
    with transaction.atomic():
        save_row(
            product, actor, Conflict(_("A product with this SKU exists already."), {"sku": [_("is taken")]})
        )
        if codes is not None:
            _set_barcodes(product, codes, actor)
    return product


def _refuse_wrong_pointer(product: Product, field: str) -> None:
    """A product points to another one that is in use, and no way of pointing leads back to it."""
    target: Product | None = getattr(product, field)
    if target is None:
        return
    if product.pk and target.pk == product.pk:
        raise BadInput.at(field, _("names the product itself"))
    before = (
        Product.objects.filter(pk=product.pk).values_list(field, flat=True).first() if product.pk else None
    )
    if target.is_archived and target.pk != before:
        raise BadInput.at(field, _("names %(product)s, which is archived") % {"product": target})
    seen = {product.pk}
    step: Product | None = target
    while step is not None and step.pk not in seen:
        seen.add(step.pk)
        step = getattr(step, field)
    if product.pk and step is not None and step.pk == product.pk:
        raise BadInput.at(field, _("leads back to this product, by way of %(product)s") % {"product": target})


def _refuse_wrong_unit(product: Product) -> None:
    before = Product.objects.filter(pk=product.pk).first()
    if before is None or (before.unit, before.has_decimals) == (product.unit, product.has_decimals):
        return
    if not product.has_decimals:
        for terms in product.terms.select_related("supplier"):
            if terms.pack % QUANTITY_SCALE or terms.minimum_quantity % QUANTITY_SCALE:
                raise Conflict(
                    _("%(supplier)s sells it in parts of a unit: mend the pack and MOQ there first.")
                    % {"supplier": terms.supplier},
                    {"has_decimals": [_("contradicts a supplier's terms")]},
                )
    product_unit_changing.send(sender=Product, product=product, before=before)


def set_product_state(product: Product, state: str, *, actor: User | None) -> None:
    """Discontinue a product, archive it or take it up again; its stock and history stay."""
    if product.state != state:
        product.state = state
        save_row(product, actor)


def has_history(product: Product) -> bool:
    """Whether anything outside the catalogue speaks of the product: movements, orders, forecasts."""
    for relation in Product._meta.get_fields(include_hidden=True):
        model: Any = relation.related_model
        if relation.auto_created and relation.one_to_many and model._meta.app_label != "catalog":
            name = relation.field.name  # type: ignore[union-attr]
            if model._default_manager.filter(**{name: product}).exists():
                return True
    return False


def delete_product(product: Product, *, actor: User | None) -> None:
    """Take a product out that was never used. Raises Conflict where it has a history."""
    if has_history(product):
        raise Conflict(
            _("%(product)s has a history, which stays: archive it instead.") % {"product": product}
        )
    for field in ("replaced_by", "sells_like"):
        if other := Product.objects.filter(**{field: product}).first():
            raise Conflict(
                _("%(other)s names it as its replacement or likeness; change that first.") % {"other": other}
            )
    with transaction.atomic():
        record("product.delete", actor=actor, about=product, before=told(product))
        product.delete()


# ---- barcodes ------------------------------------------------------------------------------------


def check_barcodes(barcodes: Sequence[str], product: Product | None = None) -> list[str]:
    """The codes as they are stored, each once; BadInput names the first that cannot stay."""
    codes = _each_once(filter(None, (clean_code(text) for text in barcodes)))
    for code in codes:
        if len(code) > 64:
            raise _bad_barcode(_("“%(code)s…” is longer than 64 characters.") % {"code": code[:20]})
        if has_wrong_check_digit(code):
            raise _bad_barcode(
                _("“%(code)s” is mistyped: its last digit does not fit the others.") % {"code": code}
            )
    same = [spelling for code in codes for spelling in spellings(code)]
    others = Barcode.objects.filter(code__in=same).select_related("product")
    if product is not None and product.pk:
        others = others.exclude(product=product)
    if other := others.first():
        raise _bad_barcode(
            _("“%(code)s” belongs to %(product)s.") % {"code": other.code, "product": other.product}
        )
    return codes


def _each_once(codes: Any) -> list[str]:
    """The two spellings of one number are one code."""
    kept: dict[str, str] = {}
    for code in codes:
        kept.setdefault(max(spellings(code), key=len), code)
    return list(kept.values())


def _bad_barcode(detail: str) -> BadInput:
    return BadInput(detail, {"barcodes": [detail]})


def _set_barcodes(product: Product, codes: list[str], actor: User | None) -> None:
    before = sorted(product.barcodes.values_list("code", flat=True))
    if before == sorted(codes):
        return
    product.barcodes.exclude(code__in=codes).delete()
    added = [Barcode(product=product, code=code) for code in codes if code not in before]
    Barcode.objects.bulk_create(added)
    record(
        "product.barcodes",
        actor=actor,
        about=product,
        before={"barcodes": before},
        after={"barcodes": sorted(codes)},
    )


# ---- groups --------------------------------------------------------------------------------------


def category_named(name: str) -> Category | None:
    """The category of that name in any case, made where there is none; None for no name."""
    return _named(Category, name)


def family_named(name: str) -> Family | None:
    """The family of that name in any case, made where there is none; None for no name."""
    return _named(Family, name)


def _named(model: type[Named], name: str) -> Named | None:
    name = " ".join(name.split())
    if not name:
        return None
    known = model.objects.filter(name__iexact=name).first()
    # Another request may make it meanwhile, as a second click does.
    return known or model.objects.get_or_create(name=name)[0]


def save_family(family: Family, *, actor: User | None) -> Family:
    taken = _("A family of this name exists already.")
    saved: Family = save_row(family, actor, Conflict(taken, {"name": [taken]}))
    return saved


# ---- pictures ------------------------------------------------------------------------------------


def set_picture(product: Product, content: bytes, *, actor: User | None) -> ProductPicture:
    """Give a product a picture, drawn anew from the file. Raises BadInput where the file is none."""
    picture = redrawn(content)
    saved, _made = ProductPicture.objects.update_or_create(
        product=product, defaults={"content": picture, "digest": digest_of(picture)}
    )
    record("product.picture", actor=actor, about=product, after={"picture": saved.digest[:12]})
    return saved


def remove_picture(product: Product, *, actor: User | None) -> None:
    removed, _by_model = ProductPicture.objects.filter(product=product).delete()
    if removed:
        record("product.picture", actor=actor, about=product, after={"picture": None})
