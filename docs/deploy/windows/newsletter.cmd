@echo off
rem The lines to type in a command prompt: every ten minutes, also after a start that was missed.
schtasks /Create /F /TN newsletter /SC MINUTE /MO 10 /TR "\"%USERPROFILE%\.local\bin\newsletter.exe\" --site \"%USERPROFILE%\papers\" run -q"
schtasks /Run /TN newsletter
schtasks /Query /TN newsletter /V /FO LIST
