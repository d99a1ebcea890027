from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class SiteConfig(AppConfig):
    name = "inventory_site"


class AdminConfig(DjangoAdminConfig):
    default_site = "inventory_site.admin.OperatorSite"
