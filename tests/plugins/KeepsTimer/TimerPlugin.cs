using Keyway.Plugins;

[assembly: KeywayPlugin("keeps-timer", typeof(Zoo.TimerPlugin))]

namespace Zoo;

/// <summary>Starts a timer, roots it and forgets to dispose it: the runtime's list of timers keeps the plugin in memory.</summary>
public sealed class TimerPlugin : IPlugin
{
    private static Timer? _timer;

    public void Configure(IPluginBuilder builder) => _timer = new Timer(static _ => Tick(), null, TimeSpan.FromHours(1), TimeSpan.FromHours(1));

    private static void Tick() => GC.KeepAlive(_timer);
}
