using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Keyway.MediaUnits;
using Keyway.Mp4.Merge;
using Keyway.Mp4.Reading;
using Keyway.Protection;

namespace Keyway.Mp4;

/// <summary>Reads the clear samples of a file, or of an initialisation segment with the segments after it, fragment by fragment.</summary>
/// <remarks>Memory is bounded by one fragment. Threads: one at a time.</remarks>
public sealed class Mp4Reader : IDisposable
{
    private readonly SampleSource _source;
    private bool _reading;

    private Mp4Reader(SampleSource source)
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
        return await OpenAsync(new ListedUnits(MediaUnit.File(input, name, leaveOpen: true)), name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads units up to the description of the tracks: what of each is not played is left out, and decode times stay those of the media.</summary>
    /// <param name="units">The units. Ownership: of those that have not been taken, the caller's.</param>
    /// <param name="name">What they are together called in messages.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    internal static async ValueTask<Mp4Reader> OpenAsync(IMediaUnits units, string name, CancellationToken cancellationToken) =>
        new(await SampleSource.OpenAsync(units, name, cancellationToken).ConfigureAwait(false));

    /// <summary>Reads the fragments of the chosen tracks, in the order of the file; those of a progressive file by decode time. Once.</summary>
    /// <param name="keys">What opens them.</param>
    /// <param name="tracks">Which tracks; without it, all.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>The fragments, each valid until the next is asked for.</returns>
    /// <exception cref="MediaFormatException">The file is malformed or cut short.</exception>
    /// <exception cref="SampleDecryptionException">A sample could not be decrypted.</exception>
    public IAsyncEnumerable<ClearFragment> ReadAsync(IMediaKeys keys, Func<Mp4Track, bool>? tracks = null, CancellationToken cancellationToken = default) =>
        ReadAsync(keys, tracks, null, cancellationToken);

    /// <summary>Reads what of the chosen tracks is presented in a range of the timeline, and what has to be decoded for it (<see cref="ClearSample.IsPresented"/>). Once.</summary>
    /// <param name="keys">What opens the fragments.</param>
    /// <param name="tracks">Which tracks; without it, all.</param>
    /// <param name="range">The range; without it, everything.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    internal async IAsyncEnumerable<ClearFragment> ReadAsync(IMediaKeys keys, Func<Mp4Track, bool>? tracks, SampleRange? range, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(keys);
        await foreach (SourceFragment fragment in Begin(keys, tracks, range, cancellationToken).ConfigureAwait(false)) yield return new ClearFragment(fragment, Marker);
    }

    /// <summary>Reads the chosen tracks as they are: protected samples stay protected, and come with what opens them. Once.</summary>
    /// <param name="tracks">Which tracks; without it, all.</param>
    /// <param name="range">A range of the timeline; without it, everything.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    internal async IAsyncEnumerable<ProtectedFragment> ReadProtectedAsync(Func<Mp4Track, bool>? tracks, SampleRange? range, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (SourceFragment fragment in Begin(null, tracks, range, cancellationToken).ConfigureAwait(false)) yield return new ProtectedFragment(fragment, new ClearFragment(fragment, Marker));
    }

    private IAsyncEnumerable<SourceFragment> Begin(IMediaKeys? keys, Func<Mp4Track, bool>? tracks, SampleRange? range, CancellationToken cancellationToken)
    {
        if (_reading) throw new InvalidOperationException("a file is read once");
        _reading = true;
        return _source.ReadAsync(keys, track => tracks is null || tracks(track.Facts), range, cancellationToken);
    }

    /// <summary>Gives back what reading took. The stream stays open.</summary>
    public void Dispose() => _source.Dispose();
}
