<# $pgoBranch = "old" #>
$x = @"
$pgoBranch
"@
[string]${script:pgoBranch} = "a`"b" # c
