using Orleans.CodeGeneration;

namespace Keyway.Fleet.Grains;

/// <summary>Watches one stream for as long as somebody touches it now and then.</summary>
/// <remarks>Key: the stream's name.</remarks>
[Version(1), Alias("keyway.fleet.IStreamGrain")]
internal interface IStreamGrain : IGrainWithStringKey
{
    /// <summary>Begins to watch, or goes on; what is to be watched may have changed.</summary>
    [Alias("Touch")]
    Task TouchAsync(StreamSpec spec);

    /// <summary>All that is known.</summary>
    [Alias("Report")]
    Task<StreamReport?> ReportAsync();

    /// <summary>Ends watching, and says that what was wrong is so no longer.</summary>
    [Alias("Stop")]
    Task StopAsync();
}
