using System.Security.Cryptography;
using Keyway.Decryption;
using Keyway.Licensing;

namespace Keyway.Protection;

/// <summary>Gathers what manifest and files say about protection, and merges it.</summary>
/// <remarks>Readers of manifests and files feed it; it knows neither. Statements may come in any order. Threads: one at a time.</remarks>
internal sealed class ProtectionMapBuilder
{
    private readonly List<TrackStatement> _tracks = [];
    private readonly Dictionary<HeaderKey, HeaderDraft> _headers = [];

    // A hundred thousand representations may share one box: it is hashed once.
    private readonly Dictionary<PsshBox, HeaderDraft> _seen = new(ReferenceEqualityComparer.Instance);
    private readonly List<LicenseUrlStatement> _urls = [];
    private readonly List<SystemId> _announced = [];

    /// <summary>Adds what one place says about a track.</summary>
    /// <param name="statement">What it says.</param>
    /// <returns>This builder.</returns>
    public ProtectionMapBuilder Add(TrackStatement statement)
    {
        _tracks.Add(statement);
        return this;
    }

    /// <summary>Adds a header. The same header in several places becomes one entry with several sources.</summary>
    /// <param name="statement">The header and its place.</param>
    /// <returns>This builder.</returns>
    public ProtectionMapBuilder Add(HeaderStatement statement)
    {
        if (!_seen.TryGetValue(statement.Box, out HeaderDraft? draft))
        {
            HeaderKey key = new(statement.Box);
            if (!_headers.TryGetValue(key, out draft)) _headers.Add(key, draft = new HeaderDraft(statement.Box, _headers.Count));
            _seen.Add(statement.Box, draft);
        }

        draft.Add(statement);
        return this;
    }

    /// <summary>Adds a licence server.</summary>
    /// <param name="statement">The server and its place.</param>
    /// <returns>This builder.</returns>
    public ProtectionMapBuilder Add(LicenseUrlStatement statement)
    {
        if (!_urls.Exists(known => known.System == statement.System && known.Url == statement.Url)) _urls.Add(statement);
        return this;
    }

    /// <summary>Adds a protection system that is announced without a header.</summary>
    /// <param name="system">The system.</param>
    /// <returns>This builder.</returns>
    public ProtectionMapBuilder Announce(SystemId system)
    {
        if (!_announced.Contains(system)) _announced.Add(system);
        return this;
    }

    /// <summary>Merges.</summary>
    /// <param name="decode">Has headers read by their key systems; <see langword="null"/>: by nobody.</param>
    /// <returns>The map.</returns>
    public ProtectionMap Build(HeaderDecoder? decode = null)
    {
        List<ProtectionConflict> conflicts = [];
        List<KeyDraft> keys = [];
        Dictionary<KeyId, KeyDraft> byId = [];
        List<ProtectionScheme> schemes = [];
        foreach (IGrouping<string, TrackStatement> track in _tracks.GroupBy(static statement => statement.Track, StringComparer.Ordinal))
            AddTrack(track.Key, [.. track], schemes, conflicts, Key);

        Dictionary<string, HashSet<KeyId>> keysOfTrack = new(StringComparer.Ordinal);
        foreach (KeyDraft key in keys)
            foreach (string track in key.Tracks) (keysOfTrack.TryGetValue(track, out HashSet<KeyId>? of) ? of : keysOfTrack[track] = []).Add(key.Id);
        KeyId[] ofTracks = [.. keys.Select(static key => key.Id)];

        List<ProtectionEntry> entries = [];
        foreach (HeaderDraft draft in _headers.Values.OrderBy(static draft => draft.Order))
        {
            ProtectionEntry entry = draft.Build(decode, ofTracks, keysOfTrack);
            entries.Add(entry);
            if (entry.Problem is not null) conflicts.Add(new(ProtectionConflictKind.UnreadableHeader, $"the {SystemIds.NameOf(entry.System)} header cannot be read: {entry.Problem}", entry.Sources));
            foreach (KeyId id in entry.KeyIds)
            {
                KeyDraft key = Key(id);
                key.Headers.Add(entry);
                foreach (ProtectionSource source in entry.Sources) key.Add(source);
            }
        }

        foreach (KeyDraft key in keys) Compare(key, ofTracks.Length > 0, entries, conflicts);
        return new ProtectionMap
        {
            Keys = [.. keys.Select(static key => key.Build())],
            Headers = entries,
            LicenseUrls = [.. _urls],
            Schemes = schemes,
            Systems = [.. entries.Select(static entry => entry.System).Concat(_announced).Distinct()],
            Conflicts = conflicts,
            IsProtected = _tracks.Count > 0 || entries.Count > 0,
            OpaqueKeyIds = _tracks.SelectMany(static track => track.OpaqueKeyIds).DistinctBy(static id => KeyId.FromOpaque(id.Span)).ToDictionary(static id => KeyId.FromOpaque(id.Span)),
        };

        KeyDraft Key(KeyId id)
        {
            if (byId.TryGetValue(id, out KeyDraft? known)) return known;
            KeyDraft made = new(id);
            keys.Add(made);
            byId.Add(id, made);
            return made;
        }
    }

    private static void AddTrack(string track, List<TrackStatement> statements, List<ProtectionScheme> schemes, List<ProtectionConflict> conflicts, Func<KeyId, KeyDraft> key)
    {
        List<TrackStatement> manifest = [.. statements.Where(static said => said.Source.Origin == ProtectionOrigin.Manifest)];
        List<TrackStatement> file = [.. statements.Where(static said => said.Source.Origin != ProtectionOrigin.Manifest)];
        List<KeyId> promised = [.. manifest.SelectMany(static said => said.KeyIds).Distinct()];
        foreach (TrackStatement said in file.Where(static said => said.Source.Origin == ProtectionOrigin.Movie && said.IsDefault))
        {
            KeyId[] strange = promised.Count == 0 ? [] : [.. said.KeyIds.Where(id => !promised.Contains(id))];
            if (strange.Length > 0)
                conflicts.Add(new(ProtectionConflictKind.DefaultKeyMismatch, $"the manifest says key {promised[0]}, the file says {strange[0]}", [.. manifest.Where(static each => each.KeyIds.Count > 0).Select(static each => each.Source).Distinct(), said.Source]));
        }

        TrackStatement? announced = manifest.Find(static said => said.Scheme != ProtectionScheme.None);
        TrackStatement? actual = file.Find(static said => said.Scheme != ProtectionScheme.None);
        if (announced is not null && actual is not null && announced.Scheme != actual.Scheme)
            conflicts.Add(new(ProtectionConflictKind.SchemeMismatch, $"the manifest says {Name(announced.Scheme)}, the file says {Name(actual.Scheme)}", [announced.Source, actual.Source]));
        ProtectionScheme scheme = (actual ?? announced)?.Scheme ?? ProtectionScheme.None;
        if (scheme != ProtectionScheme.None && !schemes.Contains(scheme)) schemes.Add(scheme);

        foreach (TrackStatement said in statements)
            foreach (KeyId id in said.KeyIds)
                key(id).Add(track, scheme, said.Source);
    }

    private static void Compare(KeyDraft key, bool hasTracks, List<ProtectionEntry> entries, List<ProtectionConflict> conflicts)
    {
        if (hasTracks && key.Tracks.Count == 0)
            conflicts.Add(new(ProtectionConflictKind.KeyWithoutTrack, $"key {key.Id} is in a header and in no track", [.. key.Sources]));
        if (entries.Count > 0 && key.Headers.Count == 0)
            conflicts.Add(new(ProtectionConflictKind.KeyWithoutHeader, $"key {key.Id} is in a track and in no header", [.. key.Sources]));
        foreach (IGrouping<SystemId, ProtectionEntry> system in key.Headers.Where(static entry => !entry.IsInferred && !entry.Data.IsEmpty).GroupBy(static entry => entry.System))
        {
            // Several headers in one manifest, or in one file, are its own affair; that manifest and file differ is not.
            List<ProtectionEntry> manifest = [.. system.Where(static entry => In(entry, ProtectionOrigin.Manifest))];
            List<ProtectionEntry> movie = [.. system.Where(static entry => In(entry, ProtectionOrigin.Movie))];
            if (manifest.Count > 0 && movie.Count > 0 && !manifest.Exists(movie.Contains))
                conflicts.Add(new(ProtectionConflictKind.HeaderMismatch, $"manifest and file have different {SystemIds.NameOf(system.Key)} headers for key {key.Id}", [.. manifest.Concat(movie).SelectMany(static entry => entry.Sources)]));
        }
    }

    private static bool In(ProtectionEntry entry, ProtectionOrigin origin) => entry.Sources.Any(source => source.Origin == origin);

    private static string Name(ProtectionScheme scheme) => scheme.ToString().ToLowerInvariant();

    /// <summary>What makes two headers the same: the system and the bytes.</summary>
    private readonly record struct HeaderKey(SystemId System, string Digest)
    {
        public HeaderKey(PsshBox box)
            : this(box.System, Convert.ToHexString(SHA256.HashData(box.Data.Span)) + string.Concat(box.Data.IsEmpty ? box.KeyIds.Select(static id => id.ToString()) : []))
        {
        }
    }

    private sealed class HeaderDraft(PsshBox box, int order)
    {
        private readonly OrderedSet<KeyId> _boxKeyIds = new();
        private readonly OrderedSet<string> _tracks = new();
        private readonly OrderedSet<ProtectionSource> _sources = new();
        private PsshBox _box = box;
        private bool _everywhere;

        public int Order => order;

        public void Add(HeaderStatement statement)
        {
            if (!_box.IsFound && statement.Box.IsFound) _box = statement.Box;
            foreach (KeyId id in statement.Box.KeyIds) _boxKeyIds.Add(id);
            if (statement.Track is null) _everywhere = true;
            else _tracks.Add(statement.Track);
            _sources.Add(statement.Source);
        }

        public ProtectionEntry Build(HeaderDecoder? decode, KeyId[] ofTracks, Dictionary<string, HashSet<KeyId>> keysOfTrack)
        {
            ProtectionEntry entry = new() { System = _box.System, Data = _box.Data, Box = _box.Box, BoxKeyIds = _boxKeyIds.Items, Sources = _sources.Items, Tracks = _everywhere ? [] : _tracks.Items };
            try
            {
                entry = entry with { Header = decode?.Invoke(entry.ToInitializationData()) };
            }
            catch (ProtectionHeaderException e)
            {
                entry = entry with { Problem = e.Message };
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                // A faulty plugin: its own words may quote the data, its type does not.
                entry = entry with { Problem = $"the key system failed: {PluginText.Of(e)}" };
            }

            List<KeyId> named = [.. _boxKeyIds.Items.Concat(entry.Header?.KeyIds ?? []).Distinct()];
            if (named.Count > 0) return entry with { KeyIds = named };
            IEnumerable<KeyId> inferred = _everywhere ? ofTracks : _tracks.Items.SelectMany(track => keysOfTrack.TryGetValue(track, out HashSet<KeyId>? of) ? of : Enumerable.Empty<KeyId>()).Distinct();
            return entry with { KeyIds = [.. inferred], IsInferred = true };
        }
    }

    private sealed class KeyDraft(KeyId id)
    {
        private readonly OrderedSet<ProtectionScheme> _schemes = new();
        private readonly OrderedSet<string> _tracks = new();
        private readonly OrderedSet<ProtectionSource> _sources = new();

        public KeyId Id => id;

        public IReadOnlyList<string> Tracks => _tracks.Items;

        public List<ProtectionEntry> Headers { get; } = [];

        public IReadOnlyList<ProtectionSource> Sources => _sources.Items;

        public void Add(string track, ProtectionScheme scheme, ProtectionSource source)
        {
            _tracks.Add(track);
            if (scheme != ProtectionScheme.None) _schemes.Add(scheme);
            _sources.Add(source);
        }

        public void Add(ProtectionSource source) => _sources.Add(source);

        public ProtectedKey Build() => new() { Id = id, Tracks = Tracks, Schemes = _schemes.Items, Headers = Headers, Sources = Sources };
    }

    /// <summary>Each once, in the order of coming.</summary>
    private sealed class OrderedSet<T>
    {
        private readonly HashSet<T> _known = [];
        private readonly List<T> _items = [];

        public IReadOnlyList<T> Items => _items;

        public void Add(T item)
        {
            if (_known.Add(item)) _items.Add(item);
        }
    }
}
