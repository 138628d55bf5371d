"""Whatever changes who may pass is carried to the controllers' tables, in the transaction of the change."""
