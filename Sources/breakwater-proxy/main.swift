print("breakwater-proxy")
