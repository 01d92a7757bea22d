using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Keyway.Mp4.Merge;
using Keyway.Mp4.Reading;
using Keyway.Mp4.Samples;
using Keyway.Protection;

namespace Keyway.Mp4;

/// <summary>Reads the clear samples of a file, or of an initialisation segment with the segments after it, fragment by fragment.</summary>
/// <remarks>Memory is bounded by one fragment. Threads: one at a time.</remarks>
public sealed class Mp4Reader : IDisposable
{
    private readonly FragmentSource _source;
    private bool _reading;

    private Mp4Reader(FragmentSource source)
    {
        _source = source;
        Tracks = [.. source.Movie.Tracks.Select(t => t.Facts)];
    }

    /// <summary>The tracks, in the order of <c>moov</c>.</summary>
    public IReadOnlyList<Mp4Track> Tracks { get; }

    /// <summary>The <c>pssh</c> boxes of <c>moov</c>.</summary>
    public IReadOnlyList<PsshBox> Protection => _source.Movie.Protection;

    /// <summary>Whether the samples come in fragments.</summary>
    public bool IsFragmented => _source.Movie.IsFragmented;

    /// <summary>What must be the same for two files' samples to stand behind one another in one track: its number, kind, timescale and clear sample entries.</summary>
    internal string Description => string.Join(
        ' ', _source.Movie.Tracks.Select(track => $"{track.Id}:{track.Facts.Handler}:{track.Facts.Timescale}:{Convert.ToHexStringLower(SHA256.HashData(MovieWriter.ClearEntries(_source.Movie, track)))}"));

    /// <summary>What sees changes from fragment to fragment; one for several files where they are one track.</summary>
    internal FragmentMarker Marker { private get; set; } = new(isOneTrack: false);

    /// <summary>When what begins at a place of the input is played: what is not is left out. Decode times stay those of the file.</summary>
    internal Func<long, SamplePlace?>? PlaceAt
    {
        set => _source.PlaceAt = value;
    }

    /// <summary>What was read so far.</summary>
    public Mp4Summary Summary => new() { Tracks = _source.Counters.ToSummaries(), Notes = _source.Notes };

    /// <summary>Reads up to the description of the tracks.</summary>
    /// <param name="input">The file, from its current position. Ownership: the caller's.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The reader.</returns>
    /// <exception cref="MediaFormatException">The file is malformed or cut short.</exception>
    public static async ValueTask<Mp4Reader> OpenAsync(Stream input, string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new Mp4Reader(await FragmentSource.OpenAsync(input, name, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Reads the fragments of the chosen tracks, in the order of the file; those of a progressive file by decode time. Once.</summary>
    /// <param name="keys">What opens them.</param>
    /// <param name="tracks">Which tracks; without it, all.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The fragments, each valid until the next is asked for.</returns>
    /// <exception cref="MediaFormatException">The file is malformed or cut short.</exception>
    /// <exception cref="SampleDecryptionException">A sample could not be decrypted.</exception>
    public async IAsyncEnumerable<ClearFragment> ReadAsync(IMediaKeys keys, Func<Mp4Track, bool>? tracks = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (_reading) throw new InvalidOperationException("a file is read once");
        _reading = true;
        await foreach (SourceFragment fragment in _source.ReadAsync(keys, t => tracks is null || tracks(t.Facts), cancellationToken).ConfigureAwait(false))
            yield return new ClearFragment(fragment, Marker);
    }

    /// <summary>Gives back what reading took. The stream stays open.</summary>
    public void Dispose() => _source.Dispose();
}
