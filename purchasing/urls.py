from django.urls import path

from purchasing import answer_views, edit_views, limit_views, mail_views, receive_views, record_views, views

urlpatterns = [
    path("orders/", views.orders, name="orders"),
    path("orders/new/", views.order_new, name="order_new"),
    path("orders/<slug:number>/", views.order, name="order"),
    path("orders/<slug:number>/lines/", edit_views.order_lines, name="order_lines"),
    path("orders/<slug:number>/lines/add/", edit_views.line_add, name="order_line_add"),
    path("orders/<slug:number>/lines/<int:line_id>/back/", edit_views.line_back, name="order_line_back"),
    path(
        "orders/<slug:number>/lines/<int:line_id>/remove/", edit_views.line_remove, name="order_line_remove"
    ),
    path("orders/<slug:number>/lines/<int:line_id>/round/", edit_views.line_round, name="order_line_round"),
    path("orders/<slug:number>/lines/back/", edit_views.lines_back, name="order_lines_back"),
    path("orders/<slug:number>/change/", edit_views.order_change, name="order_change"),
    path("orders/<slug:number>/change/undo/", edit_views.order_change_undo, name="order_change_undo"),
    path("orders/<slug:number>/approve/", views.order_approve, name="order_approve"),
    path("orders/<slug:number>/undo/", views.order_undo, name="order_undo"),
    path("orders/<slug:number>/send/", views.order_send, name="order_send"),
    path("orders/<slug:number>/cancel/", views.order_cancel, name="order_cancel"),
    path("orders/<slug:number>/close/", receive_views.order_close, name="order_close"),
    path("orders/<slug:number>/reopen/", views.order_reopen, name="order_reopen"),
    path("orders/<slug:number>/receive/", receive_views.order_receive, name="order_receive"),
    path(
        "orders/<slug:number>/receipts/<int:receipt_id>/undo/",
        receive_views.receipt_undo,
        name="order_receipt_undo",
    ),
    path("orders/<slug:number>/pdf/", views.order_pdf_file, name="order_pdf"),
    path("orders/<slug:number>/confirm/", answer_views.order_confirm, name="order_confirm"),
    path("orders/<slug:number>/accept/", answer_views.order_accept, name="order_accept"),
    path("settings/orders/", limit_views.order_settings, name="order_settings"),
    path("suppliers/<int:supplier_id>/record/", record_views.supplier_record, name="supplier_record"),
    path("receive/", receive_views.expected_goods, name="expected_goods"),
    path("mails/", mail_views.mails, name="mails"),
    path("mails/<int:mail_id>/", mail_views.mail, name="mail"),
    path("mails/<int:mail_id>/source/", mail_views.mail_source, name="mail_source"),
    path("mails/<int:mail_id>/attachments/<int:place>/", mail_views.attachment, name="mail_attachment"),
    path("mails/<int:mail_id>/send/", mail_views.send_again, name="mail_send"),
]
