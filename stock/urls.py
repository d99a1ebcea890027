from django.urls import path

from stock import views
from stock.import_urls import urlpatterns as import_urlpatterns

urlpatterns = [
    path("ledger/", views.ledger_page, name="ledger"),
    path("ledger/opening/", views.opening_new, name="opening_new"),
    path("ledger/write-off/", views.write_off_new, name="write_off_new"),
    path("ledger/correction/", views.correction_new, name="correction_new"),
    path("ledger/<int:posting_id>/", views.posting_page, name="posting"),
    path("ledger/<int:posting_id>/undo/", views.posting_undo, name="posting_undo"),
    path("sales/", views.sales, name="sales"),
    path("sales/new/", views.sale_new, name="sale_new"),
    path("sales/return/", views.return_new, name="return_new"),
    path("receive/new/", views.receipt_new, name="receipt_new"),
    path("transfers/", views.transfers, name="transfers"),
    path("transfers/new/", views.transfer_new, name="transfer_new"),
    path("counts/", views.counts, name="counts"),
    path("counts/new/", views.count_new, name="count_new"),
    path("counts/list/", views.count_list, name="count_list"),
    *import_urlpatterns,
]
