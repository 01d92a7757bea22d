
namespace Keyway;

// Every limit of the engine, in one place, each with its reason. What wants more is refused with a typed error that names it.
// Limits of plugins are with their parsers: they see the contract and nothing of the engine. How long a reader of a live
// presentation waits is in Live/LiveLimits.cs.

/// <summary>What a reader of MP4 accepts at most.</summary>
internal static class Mp4Limits
{
    /// <summary>Boxes inside boxes. Real files stay below a dozen; the bound keeps a walker's stack small whatever a file claims.</summary>
    public const int Nesting = 32;

    /// <summary>One <c>moov</c>. A day of audio and video at one entry a sample needs about 150 MiB of tables.</summary>
    public const int MovieBytes = 256 << 20;

    /// <summary>One <c>moof</c>. Four million samples with four fields each are 64 MiB, and their subsample maps fit beside them.</summary>
    public const int MovieFragmentBytes = 128 << 20;

    /// <summary>One fragment with its media data: what is held in memory at once. Also what one pooled array can hold.</summary>
    public const int FragmentBytes = 1 << 30;

    /// <summary>Media data that came before the <c>moof</c> that describes it: nothing says yet that anybody will want it.</summary>
    public const int HeldBytes = 64 << 20;

    /// <summary>One <c>pssh</c>: large PlayReady objects are some 10 KiB; a licence store embedded in one is at most a few hundred.</summary>
    public const int PsshBytes = 1 << 20;

    /// <summary>Key identifiers of one <c>pssh</c>, and distinct ones used by one fragment.</summary>
    public const int KeyIds = 128;

    /// <summary><c>pssh</c> boxes of one file that a report lists: a day of rotation every ten seconds.</summary>
    public const int ProtectionBoxes = 16_384;

    /// <summary>Samples of one fragment of one track. Uncompressed audio makes 48 000 a second; a minute of it fits.</summary>
    public const int FragmentSamples = 1 << 22;

    /// <summary>Samples of one fragment that neither a table entry nor a byte of media stands behind: a count alone must not cost memory or time.</summary>
    public const int EmptySamples = 1 << 8;

    /// <summary>Samples of one <c>moof</c> that repeating patterns of groups (<c>csgp</c>) are spread to: four minutes of video, from some twenty bytes.</summary>
    public const int SpreadInFragment = 1 << 14;

    /// <summary>The same of one <c>moov</c>: five hours of video.</summary>
    public const int SpreadInMovie = 1 << 20;

    /// <summary>Subsamples of one sample: the field has 16 bits.</summary>
    public const int Subsamples = 1 << 16;

    /// <summary>Tracks of one <c>moov</c>.</summary>
    public const int Tracks = 1024;

    /// <summary>One sample of a progressive file. An intra-coded 8K picture is below 64 MiB.</summary>
    public const int SampleBytes = 256 << 20;

    /// <summary>Samples of a file's tracks whose chunks do not lie in order, each of which must be walked to once: 19 hours of video, and a fraction of a second of work.</summary>
    public const int UnsortedSamples = 1 << 22;

    /// <summary>Samples of one size that are walked through once to find their auxiliary information. Sizes that stand in a table are bounded by <see cref="MovieBytes"/>, which holds as many.</summary>
    public const int WalkedSamples = 1 << 26;

    /// <summary>Chunks of such tracks, each of which is remembered with everything that is known at its place: three days at one a second.</summary>
    public const int UnsortedChunks = 1 << 18;

    /// <summary>How often the tracks of a progressive file may list the same byte, all together. Clear tracks may share samples; a count in <c>stsz</c> costs nothing.</summary>
    public const int SharedBytes = 4;

    /// <summary>How much of a progressive file is read, decrypted and handed on at a time: large enough for the disk, small beside a fragment.</summary>
    public const int BatchBytes = 4 << 20;

    /// <summary>The same in samples, for tracks whose samples are tiny.</summary>
    public const int BatchSamples = 1 << 16;

    /// <summary>A sample of object descriptors: a few hundred bytes with everything that protects a film.</summary>
    public const int ObjectDescriptorBytes = 1 << 16;

    /// <summary>Samples of one key of one track that are looked at to know whether the key fits. Most are known after some fifty; three hours of video with few protected bytes are fewer.</summary>
    public const int KeyCheckSamples = 1 << 20;

    /// <summary>Bytes of them that are searched for what may not stand in NAL units. A wrong key gives one in four megabytes, a right one is known after some sixteen.</summary>
    public const int KeyCheckBytes = 256 << 20;

    /// <summary>Bytes of a stream before its <c>moov</c>, or before its first fragment: <c>ftyp</c>, indexes and metadata are some kilobytes. What cannot go back never ends otherwise.</summary>
    public const long BytesBeforeMovie = 64 << 20;

    /// <summary>Bytes between or behind the boxes of a file that are no box: line ends, a web page's end, a tag.</summary>
    public const int StrayBytes = 1 << 20;

    /// <summary>The same where all of them are zeros: recorders fill up what they have reserved.</summary>
    public const long StrayZeros = 1L << 30;

    /// <summary>Remarks on one file: more nobody reads.</summary>
    public const int Notes = 100;

    /// <summary>Boxes passed over while looking for a <c>moov</c> at the end of a file.</summary>
    public const int BoxesBeforeMovie = 1 << 16;

    /// <summary>
    /// How far a sample may lie on the wrong side of a period's beginning or end, at most half of its own length: manifests round times to milliseconds
    /// or hundredths of a second.
    /// </summary>
    public static readonly TimeSpan PeriodRounding = TimeSpan.FromMilliseconds(10);

    /// <summary>How many edits of a track are used: files have one or two, a cut of an editing program some dozens; each sample may be looked for in all.</summary>
    public const int Edits = 256;

    /// <summary>How deep into a protected sample entry of an unknown layout its child boxes are looked for.</summary>
    public const int EntryScanBytes = 4096;
}

/// <summary>What a reader of manifests accepts at most.</summary>
internal static class ManifestLimits
{
    /// <summary>One manifest. A day of two-second segments with a line each is 4 MiB, and everything that is read of it stays in memory.</summary>
    public const int Bytes = 16 << 20;

    /// <summary>How much of content is looked at to see what it is. Comments before the root of a manifest are a few lines.</summary>
    public const int FirstBytes = 4096;

    /// <summary>Elements inside elements. Real manifests stay below ten; the bound keeps a path and the reader's frames small.</summary>
    public const int Nesting = 64;

    /// <summary>Remarks on one manifest: more nobody reads, and each is longer than the mistake that it is about.</summary>
    public const int Notes = 200;

    /// <summary>Characters of an element's name in a path of a message.</summary>
    public const int NameInPath = 64;

    /// <summary><c>ContentProtection</c> elements in one place. There are some thirty registered systems.</summary>
    public const int Protections = 64;

    /// <summary>Key identifiers of one <c>cenc:default_KID</c>. One is what the standard has.</summary>
    public const int KeyIds = 256;

    /// <summary>Elements in one <c>ContentProtection</c> that nobody knows and that are reported all the same.</summary>
    public const int OtherElements = 32;

    /// <summary>Characters of a text that is carried on only to be shown.</summary>
    public const int ShownText = 256;

    /// <summary>Alternatives of a <c>BaseURL</c>, <c>Location</c> or <c>UTCTiming</c> in one place, and ways to one segment. Real manifests have two or three; levels of them multiply.</summary>
    public const int Alternatives = 8;

    /// <summary>Characters of an address. Servers refuse longer ones; base addresses of several levels add up.</summary>
    public const int Address = 8192;

    /// <summary>Digits that a template may ask for. 20 hold every 64-bit number; more is an attack on memory.</summary>
    public const int NumberWidth = 64;

    /// <summary>Segments of one representation. Three months of two-second segments are 4 million; a run of them costs one element, and is never spread out.</summary>
    public const long Segments = 5_000_000;

    /// <summary>One index of a representation in one file (<c>sidx</c>): 65 535 references of 12 bytes, five times over.</summary>
    public const int IndexBytes = 4 << 20;

    /// <summary>How much of an index is asked for before its size is known: most are smaller.</summary>
    public const int IndexStep = 64 << 10;

    /// <summary>Indexes that lead to indexes.</summary>
    public const int IndexNesting = 4;

    /// <summary>Indexes of one file. Each is a request.</summary>
    public const int Indexes = 4096;

    /// <summary>Segments of one index with all that it leads to; each is an entry in memory.</summary>
    public const int IndexedSegments = 1_000_000;

    /// <summary>Tracks that a message offers instead of one that is not there.</summary>
    public const int ListedTracks = 40;

    /// <summary>One initialisation segment. It has a <c>moov</c> without samples: a few kilobytes, some hundred with headers of many keys.</summary>
    public const int InitializationBytes = 8 << 20;

    /// <summary>Parts of one manifest in documents of their own (xlink). Each is a request.</summary>
    public const int RemoteElements = 64;

    /// <summary>Such parts inside such parts. A cycle ends here.</summary>
    public const int RemoteNesting = 4;

    /// <summary>Characters of a template for the query of segments, and of the query that it is filled from: both go into every address.</summary>
    public const int Query = 2048;

    /// <summary>What a message tells of that was left out of a manifest.</summary>
    public const int ListedOmissions = 4;

    /// <summary>Periods of a track whose boxes are read before it is played. Each is a request; those of the others are read when they come.</summary>
    public const int ProbedPeriods = 64;

    /// <summary>Representations whose boxes are read for people who look at content. Each is a request; more nobody reads.</summary>
    public const int InspectedRepresentations = 64;
}

/// <summary>What a reader of HLS playlists accepts at most, beside <see cref="ManifestLimits"/>.</summary>
internal static class HlsLimits
{
    /// <summary>Characters of one line, with and without its variables. A PlayReady object with an embedded licence store is some hundred KiB in base64.</summary>
    public const int Line = 1 << 20;

    /// <summary>Attributes of one tag. A variant has some twenty; date ranges may have their own.</summary>
    public const int Attributes = 128;

    /// <summary>Characters of an attribute's name.</summary>
    public const int AttributeName = 128;

    /// <summary>Variables of one playlist. Real ones have a handful.</summary>
    public const int Variables = 256;

    /// <summary>Characters that the variables of one playlist may add to it: as many as a playlist may have.</summary>
    public const long Expanded = ManifestLimits.Bytes;

    /// <summary>Segments of one playlist; each is an entry in memory. A week of four-second segments is 151 200.</summary>
    public const int Segments = 250_000;

    /// <summary>Parts of one playlist. They stand at its end only: three target durations of the shortest.</summary>
    public const int Parts = 4096;

    /// <summary>Variants, renditions and trick-play streams of one multivariant playlist, each. Large services have some hundred.</summary>
    public const int Streams = 1024;

    /// <summary>Keys in force at once, and keys of a session: one for each of a dozen key formats; several qualities with keys of their own.</summary>
    public const int Keys = 128;

    /// <summary>Date ranges of one playlist: an advertisement every minute for three days.</summary>
    public const int DateRanges = 4096;

    /// <summary>Periods that discontinuities and initialisation segments cut a presentation into. A change every four seconds for twenty hours.</summary>
    public const int Periods = 1 << 14;

    /// <summary>The same of a live presentation, of what is listed at once: each is looked through whenever a playlist has been read again. An advertisement every minute for half a day.</summary>
    public const int LivePeriods = 1 << 10;

    /// <summary>Renditions in periods: of presentations with more, only what is played is listed. Each is an entry in memory.</summary>
    public const int ListedRenditions = 1 << 17;

    /// <summary>Key files of a session that are asked for when it is opened: those of video, audio and text, twice.</summary>
    public const int KeysAhead = 6;

    /// <summary>How much is looked at to tell containers apart: the second packet of a transport stream.</summary>
    public const int FirstBytes = 376;

    /// <summary>What a <c>data:</c> URI may hold of initialisation data.</summary>
    public const int InitializationData = Mp4Limits.PsshBytes;

    /// <summary>Other small things of a playlist, each: session data, rendition reports, hints.</summary>
    public const int Others = 256;

    /// <summary>How often a live playlist is fetched at most, whatever it says.</summary>
    public static readonly TimeSpan ShortestReload = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a live playlist may be out of reach before it is taken for over.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>One segment. Whole films in one are some hours; the sum of as many as are read still fits 64 bits of 100 ns.</summary>
    public static readonly TimeSpan SegmentDuration = TimeSpan.FromDays(7);
}

/// <summary>What a reader of Smooth Streaming accepts at most, beside <see cref="ManifestLimits"/>.</summary>
internal static class SmoothLimits
{
    /// <summary>Streams of one manifest. Large services have some dozen languages, each as audio and as text.</summary>
    public const int Streams = 1024;

    /// <summary>Quality levels of all streams together. Ten of video, and one or two of each other stream.</summary>
    public const int Qualities = 1 << 14;

    /// <summary>Custom attributes of one quality level: all of them go into every address.</summary>
    public const int CustomAttributes = 64;

    /// <summary>Runs of fragments of one length in one stream; each is an entry in memory. Audio changes its length with nearly every fragment: 23 days of two seconds.</summary>
    public const int Runs = 1_000_000;

    /// <summary>Hexadecimal digits that set up a codec. Parameter sets of HEVC have some hundred bytes.</summary>
    public const int CodecPrivateData = 1 << 17;

    /// <summary>What is read of a fragment before its media: all that describes its samples. A minute of video with a map for each sample has some hundred kilobytes.</summary>
    public const int FragmentHead = 16 << 20;

    /// <summary>Fragments that are known of a live stream and that its manifest has not listed: servers name two or three ahead, and the manifest is read again after each.</summary>
    public const int AheadOfManifest = 1024;

    /// <summary>How many fragments are looked at for what describes all of them, where some are missing.</summary>
    public const int FirstLooks = 3;

    /// <summary>How often a live manifest is read again at least, however long its fragments are.</summary>
    public static readonly TimeSpan LongestUpdate = TimeSpan.FromSeconds(10);
}

/// <summary>How much is read of text.</summary>
internal static class TextLimits
{
    /// <summary>Cues of one segment, which may be a whole film: one a second for eighteen hours.</summary>
    public const int Cues = 1 << 16;

    /// <summary>What the samples of one segment may take. Cues that are shown at a time are each in every sample of that time.</summary>
    public const int SampleBytes = 16 << 20;
}

/// <summary>How segments are read and compared with what their manifest promises.</summary>
internal static class TimelineLimits
{
    /// <summary>
    /// What is read whole of one segment before any of it is handed on: ten seconds of 50 Mbit/s. Two of them may be in memory for each track. Larger ones are
    /// checked as they pass, so that a defect behind this is an error and no gap.
    /// </summary>
    public const int SegmentBytes = 64 << 20;

    /// <summary>
    /// What may be in memory of one track before its segments are waited for: three of two seconds at 20 Mbit/s. One is fetched and one is decrypted while one is handed on. A
    /// larger segment comes alone.
    /// </summary>
    public const int ReadAhead = 16 << 20;

    /// <summary>How much later than it is decoded a sample may be presented, where reading begins in the middle: 12 frames of 24 a second.</summary>
    public static readonly TimeSpan Reordering = TimeSpan.FromMilliseconds(500);

    /// <summary>How many segments are searched for the sync sample that a time depends on. Segments begin with one nearly always; sixteen of two seconds are the longest group of pictures.</summary>
    public const int SyncSearch = 16;

    /// <summary>How many initialisation segments are kept for those who read segment by segment: more than one presentation has renditions.</summary>
    public const int Initializations = 256;

    /// <summary>What segments of another container than MP4 begin with, where it stands apart from them: a few packets of tables, or a header of text. It is read with each segment.</summary>
    public const int HeadBytes = 256 << 10;

    /// <summary>Segments that are kept until every track that is in them has been read from them: one track may be so far ahead of another.</summary>
    public const int SharedSegments = 8;

    /// <summary>What those may take together before the track that is ahead waits. One more may come, which is as large as one may be.</summary>
    public const int SharedBytes = 32 << 20;

    /// <summary>One of the segments that are joined to be decrypted where they lie: as large as a fragment may be.</summary>
    public const int JoinedBytes = Mp4Limits.FragmentBytes;

    /// <summary>How much of a segment is fetched to see its time: its description and the boxes before it, nearly always.</summary>
    public const int FirstLook = 64 << 10;

    /// <summary>How much where that was not enough: large events and indexes may stand before it.</summary>
    public const int LongLook = 2 << 20;

    /// <summary>How much of a large segment is handed on at a time.</summary>
    public const int Piece = 256 << 10;

    /// <summary>How much later or earlier than promised a segment may begin at least, compared with the one before: half of a short segment is less than what packagers round.</summary>
    public static readonly TimeSpan TimeTolerance = TimeSpan.FromMilliseconds(100);

    /// <summary>How much longer than one and a half times its promised length a segment may be.</summary>
    public static readonly TimeSpan Overlength = TimeSpan.FromMilliseconds(500);

    /// <summary>How far apart the initialisation vectors of samples that follow one another may be: a counter of samples, or of the blocks of a large one (256 MiB).</summary>
    public const ulong VectorStep = 1 << 24;

    /// <summary>The same between segments, some of which may be missing: the blocks of 64 GiB. Counts that begin at random are that close once in 2^31.</summary>
    public const ulong VectorsBetween = 1UL << 32;

    /// <summary>How far past the stated end of a presentation its last fragments may reach and are left whole: lengths are rounded, and audio is seldom as long as video.</summary>
    public static readonly TimeSpan EndSlack = TimeSpan.FromMilliseconds(100);

    /// <summary>Gaps of a presentation that are told one by one: what is older is told as a sum. A presentation with a gap every ten minutes fills it in a month.</summary>
    public const int Gaps = 1 << 12;

    /// <summary>Periods, and files that periods go into, that are remembered beside those that the manifest names: no reader is that far behind.</summary>
    public const int RememberedPeriods = 1 << 10;

    /// <summary>How many segments in a row may not be fetched because nobody answers, before the server is taken for away.</summary>
    public const int Unreachable = 3;
}

/// <summary>What is fetched at most, and how far.</summary>
internal static class SourceLimits
{
    /// <summary>Links that lead to a file, as operating systems count them.</summary>
    public const int Links = 40;

    /// <summary>Bytes thrown away where a server does not answer with the range that was asked for: cheaper than to give up, up to here.</summary>
    public const long DiscardedBytes = 64 << 20;

    /// <summary>What is read ahead of a reader of segments: a segment of most presentations.</summary>
    public const int ReadAhead = 4 << 20;

    /// <summary>
    /// What a server must send in the mean, counted over the time that it is waited for: 32 kbit/s, less than the poorest audio needs. The largest
    /// thing has its deadline by this: a megabyte 256 s and <see cref="SlowStart"/>.
    /// </summary>
    public const int LeastBytesPerSecond = 4 << 10;

    /// <summary>How long a server is waited for before its rate counts: a connection, a slow first byte, one stall and another try.</summary>
    public static readonly TimeSpan SlowStart = TimeSpan.FromSeconds(30);

    /// <summary>Origins of one presentation whose cookies are kept: that of the manifest, and of each redirect on the way to it.</summary>
    public const int CookieOrigins = 8;

    /// <summary>Cookies of one origin, as browsers have it (RFC 6265, 6.1).</summary>
    public const int Cookies = 50;

    /// <summary>Bytes of one cookie (RFC 6265, 6.1).</summary>
    public const int CookieBytes = 4096;
}

/// <summary>What a licence service may answer at most.</summary>
internal static class LicenseLimits
{
    /// <summary>One answer. Licences are some kilobytes; with a chain of certificates and dozens of keys some hundred.</summary>
    public const int AnswerBytes = 1 << 20;

    /// <summary>Redirects of one request. A service behind a load balancer has one or two.</summary>
    public const int Redirects = 5;

    /// <summary>Services, for one viewer each, that have named a time before which they are not asked. A host has some, of some viewers.</summary>
    public const int QuietServices = 1024;

    /// <summary>
    /// Keys that a live presentation remembers to have left behind, and headers that it has asked about, beside those that its manifest has on offer. Headers
    /// may list what is over for as long as a window is deep: eleven hours of rotation every ten seconds. Who is forgotten is asked about once more.
    /// </summary>
    public const int RememberedKeys = 1 << 12;

    /// <summary>How long keys of a live presentation are kept at most for those who seek back: windows of broadcasters are a few hours deep, and rotation every ten seconds makes two thousand keys of it.</summary>
    public static readonly TimeSpan KeptForWindow = TimeSpan.FromHours(6);

    /// <summary>How much longer than the window is deep: a request for its oldest segment may be under way when that leaves it.</summary>
    public static readonly TimeSpan KeptBeyondWindow = TimeSpan.FromSeconds(30);

    /// <summary>Keys that fragments have announced and nobody has begun to use: two of the longest lists that a fragment can bring.</summary>
    public const int AnnouncedKeys = 2 * Mp4Limits.KeyIds;

    /// <summary>Sets of keys that one reader keeps, however often content comes back to a key that it had left. A fragment cannot name more keys.</summary>
    public const int KeptKeys = Mp4Limits.KeyIds;

    /// <summary>Requests that one record of exchanges holds in memory: a presentation has some; what comes after them is counted.</summary>
    public const int RecordedExchanges = 1000;

    /// <summary>Bodies of a record, together: licences have some kilobytes, and in base64 this is an archive that is read again (<see cref="RecordBytes"/>).</summary>
    public const long RecordedBodyBytes = 32 << 20;

    /// <summary>Requests of an archive that is read. A browser's of a long evening has some thousand.</summary>
    public const int ReadExchanges = 100_000;

    /// <summary>An archive that is read: a thousand exchanges with their bodies, and a browser's without media.</summary>
    public const int RecordBytes = 64 << 20;

    /// <summary>How long a service is left alone at most, whatever it asks for: a slip of its own must not outlast the day.</summary>
    public static readonly TimeSpan LongestQuiet = TimeSpan.FromDays(1);
}

/// <summary>What a reader of transport streams and packed audio accepts at most.</summary>
internal static class TransportStreamLimits
{
    /// <summary>Programs of one stream. HLS has one; a broadcaster's multiplex some twenty.</summary>
    public const int Programs = 64;

    /// <summary>Elementary streams of all programs together: each keeps buffers.</summary>
    public const int Streams = 256;

    /// <summary>One section: what its length can say of private ones (ISO/IEC 13818-1, 2.4.4.11). Program maps have a quarter of it.</summary>
    public const int SectionBytes = 4096;

    /// <summary>Sections that share packets, so that the packets can only be read together.</summary>
    public const int SectionRunBytes = 2 * SectionBytes;

    /// <summary>PES packets of one stream that are read together. An intra-coded 8K picture is below 64 MiB.</summary>
    public const int UnitBytes = 64 << 20;

    /// <summary>
    /// Packets that wait until a PES packet among them is complete: the largest one, and what other streams send meanwhile. A stream that falls silent within a PES packet
    /// would otherwise keep all that follows.
    /// </summary>
    public const int HeldBytes = 128 << 20;

    /// <summary>One ID3 tag, of which four bytes say 28 bits of length. Tags of time stamps have some hundred bytes, one with a picture a megabyte.</summary>
    public const int TagBytes = 4 << 20;

    /// <summary>One audio frame of E-AC-3: eight substreams, each with eight dependent ones, of 4 KiB a syncframe.</summary>
    public const int AudioFrameBytes = 256 << 10;
}

/// <summary>What a reader of WebM accepts at most.</summary>
internal static class WebMLimits
{
    /// <summary>The EBML header: DocType and some numbers.</summary>
    public const int HeaderBytes = 64 << 10;

    /// <summary><c>Tracks</c>, and <c>Info</c>. The set-up of Vorbis has some kilobytes, and every track has one.</summary>
    public const int DescriptionBytes = 4 << 20;

    /// <summary><c>Cues</c>: one entry of some twenty bytes a second for a day are 2 MiB.</summary>
    public const int CuesBytes = 16 << 20;

    /// <summary>Places that <c>Cues</c> lead to, of all tracks together: three days at one a second. Eight bytes can make one.</summary>
    public const int CuePoints = 1 << 18;

    /// <summary>Tracks of one file. Films have some ten.</summary>
    public const int Tracks = 256;

    /// <summary>Encodings of one track. More than one beside an encryption is refused; each is looked at to name it.</summary>
    public const int Encodings = 16;

    /// <summary>One key identifier, which may have any length: what <c>KeyId</c> and what key systems call it are some tens of bytes.</summary>
    public const int KeyIdBytes = 512;

    /// <summary>One block with all that stands beside it in its group. An intra-coded 8K picture is below 64 MiB.</summary>
    public const int BlockBytes = 64 << 20;

    /// <summary>How much of a cluster is read, decrypted and handed on at a time: large enough for the disk, small beside a cluster.</summary>
    public const int BatchBytes = 1 << 20;

    /// <summary>Blocks of that: empty ones have six bytes, and each costs a row.</summary>
    public const int BatchBlocks = 1 << 14;

    /// <summary>Bytes of a file before its first cluster that are read to find <c>Tracks</c> and <c>Cues</c>: pictures that are attached may stand before them.</summary>
    public const long BytesBeforeTracks = 64 << 20;
}

/// <summary>What is read and kept of keys that are files.</summary>
internal static class KeyFileLimits
{
    /// <summary>A key of AES-128.</summary>
    public const int KeyBytes = 16;

    /// <summary>A key of AES-256, which is not opened: to be told from others.</summary>
    public const int LongKeyBytes = 32;

    /// <summary>What is read of an answer: a key in hexadecimal digits with dashes and a line end, so that it can be told from other answers. No key is longer.</summary>
    public const int AnswerBytes = 64;

    /// <summary>Characters of a <c>data:</c> URI with a key in it: as much, each byte percent-encoded in base64, with a media type.</summary>
    public const int DataUri = 1024;

    /// <summary>Keys of one presentation that are kept at once, each in a session: those of eight renditions whose keys change with each segment, for two minutes. One that is forgotten is asked for again.</summary>
    public const int Kept = 256;
}

/// <summary>What a reader of CPIX documents accepts at most.</summary>
internal static class CpixLimits
{
    /// <summary>One document: some five thousand keys with their rules, or several hundred with headers of three systems.</summary>
    public const int Bytes = 1 << 20;

    /// <summary>Elements inside elements: eight are what the schema needs, and certificates and signatures a few more.</summary>
    public const int Nesting = 32;

    /// <summary>Content keys, each of which a file's decryption keeps in a page of memory of its own: a day of five tracks whose keys change twice an hour are 240.</summary>
    public const int ContentKeys = 4096;

    /// <summary>Recipients, each with a certificate that is taken apart: packagers of one service.</summary>
    public const int Recipients = 256;

    /// <summary>Document keys of one recipient, each of which costs an RSA decryption: one for each group of keys that are opened together.</summary>
    public const int DocumentKeys = 64;

    /// <summary>Entries of each other list: as many as fit into a document.</summary>
    public const int Entries = 16_384;

    /// <summary>One protected value: a wrapped key has the length of an RSA modulus, of which the largest in use has 16 384 bits.</summary>
    public const int CipherBytes = 2048;

    /// <summary>One key, to be told from others by its length.</summary>
    public const int KeyBytes = 64;

    /// <summary>The key of a message authentication code, which is as long as its maker likes; a shorter one than this proves nothing.</summary>
    public const int LeastMacKeyBytes = 16;

    /// <summary>One snippet for a manifest, or a certificate: PlayReady objects have some kilobytes, and are written into base64 twice.</summary>
    public const int SignalBytes = 256 << 10;

    /// <summary>Characters of a text that is kept only to be shown.</summary>
    public const int ShownText = 256;

    /// <summary>Remarks on one document: more nobody reads.</summary>
    public const int Notes = 100;

    /// <summary>Filters that are compared with each other to see whether two rules mean different keys for one track: five hundred rules with a filter each. That of a track is looked for among all.</summary>
    public const int ComparedFilters = 500_000;
}
