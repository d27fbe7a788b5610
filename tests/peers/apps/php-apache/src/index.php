<?php echo "php " . (6 * 7) . " on apache\n";
