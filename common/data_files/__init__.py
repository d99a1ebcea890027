"""The files that the commands read and write (design: commands): CSV, CSV.GZ and Parquet.

`history.read_history`, `covariates.read_covariates`, `stock_files.read_state` and `read_terms` check
a file against its fixed columns and give arrays; `tables.write_table` writes one; `report.Report`
prints the JSON line. What cannot be read as described raises BadInput with file, row and column,
which the commands turn into exit 2. Rows are counted as a spreadsheet counts them: the header is 1.
"""
