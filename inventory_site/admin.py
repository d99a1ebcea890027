from django.contrib.admin import AdminSite


class OperatorSite(AdminSite):
    site_header = site_title = "Parstock"
