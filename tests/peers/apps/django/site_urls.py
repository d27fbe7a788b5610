from django.contrib.sessions.models import Session
from django.http import HttpResponse
from django.urls import path


def index(request):
    return HttpResponse(f"django counts {Session.objects.count()} sessions")


urlpatterns = [path("", index)]
