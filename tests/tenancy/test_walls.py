"""The three walls between shops, tried from every side that code can come from."""

from __future__ import annotations

import threading

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from catalog.models import Category, Product
from common.errors import NoShop
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey
from tenancy.context import current_shop, shop_scope
from tenancy.enforcement import shop_models
from tests.factories import make_product, make_shop

pytestmark = pytest.mark.django_db

postgresql_only = pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only PostgreSQL has it")


@pytest.fixture
def two_shops(db):
    """Two shops with a product each, and no shop in scope."""
    ours, theirs = make_shop(), make_shop()
    with shop_scope(ours):
        our_product = make_product(sku="OURS")
    with shop_scope(theirs):
        their_product = make_product(sku="THEIRS")
    return ours, theirs, our_product, their_product


# ---- the refusing manager ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "touch",
    [
        lambda product: list(Product.objects.all()),
        lambda product: Product.objects.count(),
        lambda product: Product.objects.filter(pk=product.pk).exists(),
        lambda product: Product.objects.filter(pk=product.pk).update(name="other"),
        lambda product: Product.objects.filter(pk=product.pk).delete(),
        lambda product: Product.objects.create(sku="X", name="X"),
        lambda product: Product.objects.bulk_create([Product(sku="X", name="X")]),
        lambda product: Product.objects.aggregate(models.Max("pk")),
        lambda product: product.save(),
        lambda product: product.delete(),
        lambda product: product.refresh_from_db(),
        lambda product: Product(sku="X", name="X"),
        lambda product: current_shop(),
    ],
)
def test_without_a_shop_nothing_of_a_shop_can_be_touched(two_shops, touch):
    with pytest.raises(NoShop):
        touch(two_shops[2])


def test_in_a_shop_only_its_own_rows_exist(two_shops):
    ours, _theirs, _our_product, their_product = two_shops
    with shop_scope(ours):
        assert [product.sku for product in Product.objects.all()] == ["OURS"]
        assert not Product.objects.filter(pk=their_product.pk).exists()
        assert Product.objects.filter(pk=their_product.pk).update(name="taken") == 0
        with pytest.raises(Product.DoesNotExist):
            their_product.refresh_from_db()


@pytest.mark.parametrize(
    "store",
    [
        lambda product: product.save(),
        lambda product: product.delete(),
        lambda product: Product.objects.bulk_create([product]),
    ],
)
def test_a_row_of_another_shop_is_refused_by_save_delete_and_bulk_create(two_shops, store):
    ours, _theirs, _our_product, their_product = two_shops
    with shop_scope(ours), pytest.raises(NoShop):
        store(their_product)


def test_a_key_is_followed_within_the_shop_only(two_shops):
    ours, theirs, _our_product, _their_product = two_shops
    with shop_scope(theirs):
        category = Category.objects.create(name="Theirs")
    with shop_scope(ours):
        product = Product(sku="Y", name="Y", category_id=category.pk)
        with pytest.raises(Category.DoesNotExist):
            _ = product.category


def test_a_queryset_made_anywhere_reads_the_shop_in_which_it_is_run(two_shops):
    ours, theirs, *_products = two_shops
    everything = Product.objects.values_list("sku", flat=True)  # no shop here yet
    with shop_scope(ours):
        assert list(everything.all()) == ["OURS"]
    with shop_scope(theirs):
        assert list(everything.all()) == ["THEIRS"]


def test_scopes_nest_in_the_same_shop_and_not_in_another(two_shops):
    ours, theirs, *_products = two_shops
    with shop_scope(ours):
        with shop_scope(ours):
            assert Product.objects.count() == 1
        assert Product.objects.count() == 1
        with pytest.raises(NoShop), shop_scope(theirs):
            pytest.fail("the scope of another shop opened")
        assert current_shop() == ours


def test_a_scope_ends_after_an_error_too(two_shops):
    with pytest.raises(ZeroDivisionError), shop_scope(two_shops[0]):
        _ = 1 / 0
    with pytest.raises(NoShop):
        current_shop()


def test_a_new_thread_has_no_shop(two_shops):
    refused = []

    def in_thread():
        try:
            current_shop()
        except NoShop:
            refused.append(True)

    with shop_scope(two_shops[0]):
        thread = threading.Thread(target=in_thread)
        thread.start()
        thread.join()
    assert refused == [True]


@pytest.mark.django_db(transaction=True)
def test_what_runs_after_commit_stands_outside_and_opens_its_own_scope():
    shop, seen = make_shop(), []

    def afterwards():
        with shop_scope(shop):
            seen.extend(Product.objects.values_list("sku", flat=True))

    with shop_scope(shop):
        make_product(sku="LATER")
        transaction.on_commit(afterwards)
    assert seen == ["LATER"]


# ---- composite foreign keys --------------------------------------------------------------------


def shop_keys():
    return [
        (model, field)
        for model in shop_models()
        for field in model._meta.local_fields
        if isinstance(field, models.ForeignKey) and issubclass(field.related_model, ShopModel)
    ]


def named(pairs):
    return [pytest.param(*pair, id=f"{pair[0]._meta.label}.{pair[1].name}") for pair in pairs]


@pytest.mark.parametrize(("model", "field"), named(shop_keys()))
def test_every_key_into_the_shop_is_composite(model, field):
    assert isinstance(field, ShopForeignKey), "use ShopForeignKey for a model of the same shop"
    guarded = {rule.field for rule in model._meta.constraints if isinstance(rule, SameShop)}
    assert field.name in guarded, f'list SameShop("{field.name}") in {model.__name__}.Meta.constraints'
    assert _composite_key_in_database(model, field), "the database lacks the composite key"


def _composite_key_in_database(model, field):
    table, target = model._meta.db_table, field.related_model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE contype = 'f' AND conrelid = %s::regclass",
                [table],
            )
            wanted = f"FOREIGN KEY (shop_id, {field.column}) REFERENCES {target}(shop_id, id)"
            return any(text.startswith(wanted) for (text,) in cursor.fetchall())
        cursor.execute(f'PRAGMA foreign_key_list("{table}")')
        keys: dict[int, set[tuple[str, str, str]]] = {}
        for number, _seq, to_table, column, to_column, *_rest in cursor.fetchall():
            keys.setdefault(number, set()).add((to_table, column, to_column))
        return {(target, "shop_id", "shop_id"), (target, field.column, "id")} in keys.values()


def _row(model, shop, made):
    """The columns of a row of `model` in `shop`, with the rows that its keys need; cheap values."""
    values: dict[str, object] = {}
    for field in model._meta.local_concrete_fields:
        if field.primary_key and isinstance(field, models.AutoField):
            continue
        if field.name == "shop":
            values[field.column] = shop.pk
        elif isinstance(field, models.ForeignKey):
            values[field.column] = None if field.null else _parent(field, shop, made)
        else:
            values[field.column] = _value(field, len(made))
    return values


def _parent(field, shop, made):
    if not issubclass(field.related_model, ShopModel):
        return field.related_model._default_manager.values_list("pk", flat=True).first()
    key = (field.related_model, shop.pk)
    if key not in made:
        made[key] = None
        made[key] = _insert(field.related_model, _row(field.related_model, shop, made))
    return made[key]


def _value(field, number):
    if field.null:
        return None
    if field.has_default():
        value = field.get_default()
    elif field.choices:
        value = field.choices[0][0]
    elif isinstance(field, models.DateTimeField):
        value = "2026-01-01T00:00:00+00:00"
    elif isinstance(field, models.DateField):
        value = "2026-01-01"
    elif isinstance(field, models.TimeField):
        value = "02:00"
    elif isinstance(field, models.BinaryField):
        value = b""
    elif isinstance(field, models.BooleanField):
        value = False
    elif isinstance(field, models.IntegerField | models.DecimalField | models.FloatField):
        value = 1
    elif isinstance(field, models.JSONField):
        value = {}
    elif isinstance(field, models.UUIDField):
        value = f"00000000-0000-0000-0000-{number:012d}"
    else:
        value = f"x{number}"[: field.max_length]
    return field.get_db_prep_save(field.to_python(value) if value is not None else value, connection)


def _insert(model, values):
    quote = connection.ops.quote_name
    columns = ", ".join(quote(name) for name in values)
    marks = ", ".join(["%s"] * len(values))
    pk = quote(model._meta.pk.column)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks}) RETURNING {pk}",
            list(values.values()),
        )
        return cursor.fetchone()[0]


@pytest.mark.parametrize(("model", "field"), named(shop_keys()))
def test_the_database_refuses_a_reference_into_another_shop(model, field, django_user_model):
    django_user_model.objects.create_user("someone@example.org")
    ours, theirs = make_shop(), make_shop()
    with shop_scope(theirs):
        foreign = _parent(field, theirs, {})
    with shop_scope(ours):
        made: dict = {}
        own = _row(model, ours, made) | {field.column: _parent(field, ours, made)}
        _insert_and_check(model, own)  # so what is refused below is the reference and nothing else
        with pytest.raises(IntegrityError), transaction.atomic():
            _insert_and_check(model, own | {field.column: foreign})


def _insert_and_check(model, row):
    """Insert, check the deferred keys, and take it back."""
    with transaction.atomic():
        point = transaction.savepoint()
        _insert(model, row)
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        else:
            connection.check_constraints([model._meta.db_table])
        transaction.savepoint_rollback(point)


def test_every_unique_rule_and_index_of_a_shop_leads_with_the_shop():
    """So that rows of one shop lie together, and can one day live on a machine of their own."""
    strays = []
    for model in shop_models():
        for rule in [*model._meta.constraints, *model._meta.indexes]:
            if isinstance(rule, models.UniqueConstraint | models.Index):
                fields = [name.lstrip("-") for name in rule.fields]
                first = fields[0] if fields else getattr(rule.expressions[0], "name", None)
                if first != "shop":
                    strays.append(rule.name)
        for field in model._meta.local_fields:
            if field.is_relation and not issubclass(field.related_model, ShopModel):
                continue  # people live in no shop; deleting one looks for their rows everywhere
            if (field.unique and not field.primary_key) or (field.db_index and not field.unique):
                strays.append(f"{model._meta.label}.{field.name}")
        strays += [f"{model._meta.label}.unique_together" for _ in model._meta.unique_together]
    assert strays == []


def test_every_model_with_a_shop_stands_behind_the_wall():
    """Whatever points to Shop is a ShopModel, except what is read to find out who may enter."""
    outside = {
        model._meta.label
        for model in apps.get_models()
        for field in model._meta.local_fields
        if field.related_model is apps.get_model("tenancy.Shop") and not issubclass(model, ShopModel)
    }
    assert outside == {"tenancy.Membership"}


# ---- row-level security ------------------------------------------------------------------------


def scalar(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchone()[0]


@postgresql_only
def test_raw_sql_without_a_shop_sees_no_row_of_any_table_of_a_shop(two_shops):
    seen = {
        model._meta.db_table: count
        for model in shop_models()
        if (count := scalar(f'SELECT count(*) FROM "{model._meta.db_table}"'))
    }
    assert seen == {}
    with shop_scope(two_shops[0]):
        assert scalar("SELECT count(*) FROM catalog_product") == 1  # the rows are there


@postgresql_only
@pytest.mark.parametrize("model", [pytest.param(model, id=model._meta.label) for model in shop_models()])
def test_each_table_of_a_shop_has_forced_row_security(model):
    forced = scalar(
        "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
        model._meta.db_table,
    )
    policies = scalar("SELECT count(*) FROM pg_policy WHERE polrelid = %s::regclass", model._meta.db_table)
    assert (forced, policies) == (True, 1)


@postgresql_only
def test_raw_sql_in_a_shop_cannot_read_change_or_add_rows_of_another(two_shops):
    ours, theirs, _our_product, their_product = two_shops
    with shop_scope(ours):
        assert scalar("SELECT count(*) FROM catalog_product WHERE shop_id = %s", theirs.pk) == 0
        with connection.cursor() as cursor:
            cursor.execute("UPDATE catalog_product SET name = 'x' WHERE id = %s", [their_product.pk])
            assert cursor.rowcount == 0
            cursor.execute("DELETE FROM catalog_product WHERE id = %s", [their_product.pk])
            assert cursor.rowcount == 0
        with pytest.raises(Exception, match="row-level security"), transaction.atomic():
            _insert(Category, _row(Category, theirs, {}))
        with pytest.raises(Exception, match="row-level security"), transaction.atomic():
            _with_shop(theirs)
    with shop_scope(theirs):
        their_product.refresh_from_db()
        assert their_product.name != "x"


def _with_shop(shop):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE catalog_product SET shop_id = %s", [shop.pk])


@postgresql_only
def test_raw_sql_without_a_shop_cannot_add_a_row(two_shops):
    with pytest.raises(Exception, match="row-level security"), transaction.atomic():
        _insert(Category, _row(Category, two_shops[0], {}))
