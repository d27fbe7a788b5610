package Server;
use base qw(HTTP::Server::Simple::CGI);
sub handle_request { print "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nhello from perl\n" }
package main;
$| = 1;
Server->new(8081)->run;
