require 'sinatra'

get('/') { 'hello from sinatra' }
