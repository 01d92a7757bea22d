using Keyway.Mp4.Boxes;
using Keyway.Mp4.Reading;
using Keyway.Mp4.Samples;
using Keyway.Mp4.Structure;
using Keyway.Mp4.Summary;
using Keyway.Protection;

namespace Keyway.Mp4;

/// <summary>Reads what a file says of itself: tracks, protection, counts. Passes over media data, and needs no key.</summary>
public static class Mp4Inspector
{
    /// <summary>Reads a file, or an initialisation segment with or without the segments after it.</summary>
    /// <param name="input">The file, from its current position. Ownership: the caller's.</param>
    /// <param name="name">Its name for messages.</param>
    /// <param name="headOnly">Whether to stop behind the first <c>moov</c>: no fragment is looked at, and no sample counted in one.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>What was found. A defect behind the description of the tracks is part of it.</returns>
    /// <exception cref="MediaFormatException">The file has neither a readable <c>moov</c> nor a fragment.</exception>
    public static async ValueTask<Mp4Inspection> InspectAsync(Stream input, string name, bool headOnly = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        using BoxWindow window = new(input, name);
        Walk walk = new(window);
        MediaFormatException? defect = null;
        try
        {
            await walk.RunAsync(headOnly, cancellationToken).ConfigureAwait(false);
        }
        catch (MediaFormatException e) when (walk.FoundSomething)
        {
            defect = e;
        }

        return walk.ToResult(defect);
    }

    private sealed class Walk(BoxWindow window)
    {
        private readonly UnitReader _units = new(window, structureOnly: true);
        private readonly TrackCounters _counters = new();
        private readonly List<Mp4ProtectionBox> _protection = [];
        private int _fragments;
        private int _movies;

        public bool FoundSomething => _units.Movie is not null || _fragments > 0;

        public async ValueTask RunAsync(bool headOnly, CancellationToken cancellationToken)
        {
            while (await _units.NextAsync(cancellationToken).ConfigureAwait(false) is var kind and not UnitKind.End)
            {
                switch (kind)
                {
                    case UnitKind.Movie:
                        Add(_movies++ == 0 ? "moov" : $"moov#{_movies - 1}", _units.Movie!.Protection);
                        _counters.Note(_units.Movie);
                        foreach (Track track in _units.Movie.Tracks) Count(track, _units.Movie);
                        if (headOnly) return;
                        break;
                    case UnitKind.Fragment:
                        foreach (Moof moof in _units.Moofs) Count(moof);
                        break;
                    default:
                        await PassAsync(_units.Box, cancellationToken).ConfigureAwait(false);
                        break;
                }
            }

            if (!FoundSomething) throw window.Error(window.Position == 0 ? "it is empty" : "no moov", "", 0);
        }

        public Mp4Inspection ToResult(MediaFormatException? defect) => new()
        {
            Tracks = _counters.ToSummaries(),
            Protection = _protection,
            IsFragmented = _fragments > 0 || _units.Movie is { IsFragmented: true },
            Fragments = _fragments,
            Defect = defect,
            Notes = window.Notes.Texts,
        };

        private async ValueTask PassAsync(TopBox box, CancellationToken cancellationToken)
        {
            if (box.Type is not (PsshBox.Type or FourCc.Uuid) || box.Length is < 0 or > Mp4Limits.PsshBytes)
            {
                await window.SkipAsync(box.Length, box, cancellationToken).ConfigureAwait(false);
                return;
            }

            await window.AppendAsync(box, Mp4Limits.PsshBytes, cancellationToken).ConfigureAwait(false);
            List<PsshBox> found = [];
            BoxWalker walker = new(window.Bytes, 0, window.Offset, BoxPath.Root);
            List<FormatError> defects = [];
            if (walker.MoveNext(out Box whole) && !ProtectionBoxes.TryTake(whole, found, [], defects, out FormatError error)) throw window.Error(error);
            window.Notes.Add(defects);
            Add("file", found);
        }

        private void Add(string where, List<PsshBox> boxes)
        {
            foreach (PsshBox box in boxes)
            {
                if (_protection.Count == Mp4Limits.ProtectionBoxes) throw window.Error($"more than {Mp4Limits.ProtectionBoxes} pssh boxes", where, window.Offset);
                _protection.Add(new Mp4ProtectionBox { Where = where, Box = box });
            }
        }

        private void Count(Moof moof)
        {
            Add($"moof#{_fragments++}", moof.Protection);
            if (_units.Movie is null) return;
            foreach (Traf traf in moof.Trafs)
            {
                TrackCounter counter = _counters.Of(traf.Track);
                counter.Samples += traf.SampleCount;
                foreach ((long start, long end) in traf.Extents) counter.Bytes += end - start;
                if (traf.SampleCount == 0 || !traf.IsUsable(window.Notes)) continue;
                if (!SampleTableBuilder.TryCount(traf, counter.KeyIds, out long hidden, out FormatError error)) throw window.Error(error);
                counter.ProtectedSamples += hidden;
            }
        }

        /// <summary>Counts the samples that <c>moov</c> itself lists. By their runs: a count costs no walk.</summary>
        private void Count(Track track, Movie movie)
        {
            TrackCounter counter = _counters.Of(track);
            if (track.Problem is not null) return;
            Stsz sizes = track.Tables.Sizes;
            counter.Samples += sizes.Count;
            if (sizes.UniformSize > 0) counter.Bytes += (long)sizes.Count * sizes.UniformSize;
            else
                for (uint i = 0; i < sizes.Count; i++) counter.Bytes += sizes.SizeOf(movie.Bytes, i);
            if (!track.IsProtected) return;
            if (!ProtectedSamples.TryCount(track, movie.Bytes, counter.KeyIds, out long hidden, out FormatError error)) throw window.Error(error);
            counter.ProtectedSamples += hidden;
        }
    }
}
