"""Column names that several kinds of file share, in the languages that files come in.

In their plain form: small letters and digits only, the best first.
"""

from __future__ import annotations

SKU = (
    "sku stockcode itemcode productcode articlenumber articleno article productid itemno itemnumber itemid"
    " code item product partnumber artikelnummer artikel artnr referencia reference ref codigo"
    " tuotenumero numero tuotekoodi 货号 商品编码 编码"
)
NAME = (
    "name description productname itemname title bezeichnung artikelbezeichnung produktname designation"
    " libelle nom nombre descripcion nome nimi tuotenimi namn benamning 名称 商品名称 品名"
)
PRICE = (
    "price unitprice saleprice salesprice sellingprice retailprice listprice rrp preis verkaufspreis prix"
    " prixdevente precio prezzo hinta pris 价格 售价 单价"
)
COST = (
    "cost unitcost purchaseprice buyingprice costprice einkaufspreis prixdachat coste costo ostohinta"
    " 成本 进价"
)
QUANTITY = (
    "quantity qty onhand counted count stock units pieces menge bestand quantite cantidad maara 数量 库存"
)
BARCODE = "barcodes barcode ean eancode gtin upc ean13 strichcode codebarre codigodebarras viivakoodi 条码"
CATEGORY = (
    "category group productgroup department warengruppe kategorie categorie categoria tyyppi"
    " tuoteryhma ryhma kategori 类别 分类"
)
UNIT = "unit stockunit uom unitofmeasure einheit unite unidad yksikko enhet 单位"
