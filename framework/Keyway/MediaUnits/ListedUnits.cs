namespace Keyway.MediaUnits;

/// <summary>Units that are there already.</summary>
/// <param name="units">The units, in order.</param>
internal sealed class ListedUnits(params MediaUnit[] units) : IMediaUnits
{
    private int _next;

    public ValueTask<MediaUnit?> TakeAsync(CancellationToken cancellationToken) => new(_next < units.Length ? units[_next++] : null);
}
