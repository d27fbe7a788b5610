<?php echo "php by fpm\n";
