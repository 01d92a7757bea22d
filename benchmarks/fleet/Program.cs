using Keyway.Fleet.Processes;
using Keyway.Fleet.Report;

Settings settings = Settings.Parse(args);
if (!Store.IsInstalled(settings.Store))
{
    Console.Error.WriteLine($"{settings.Store} is not installed (Debian: apt-get install redis-server postgresql)");
    return 1;
}

string text = await new Run(settings).RunAsync();
if (settings.Output is { } output) await File.WriteAllTextAsync(output, text);
Console.WriteLine(text);
return 0;
