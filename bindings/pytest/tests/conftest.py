pytest_plugins = ["pytester", "pytest_mdevsim"]
