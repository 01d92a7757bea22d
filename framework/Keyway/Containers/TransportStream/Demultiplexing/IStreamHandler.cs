using Keyway.Containers.TransportStream.Decrypting;
using Keyway.Containers.TransportStream.Packets;

namespace Keyway.Containers.TransportStream.Demultiplexing;

/// <summary>What a <see cref="Demultiplexer"/> hands its findings to.</summary>
internal interface IStreamHandler
{
    /// <summary>Whether a stream was chosen. Of one that was not, nothing is asked, its key included.</summary>
    bool IsChosen(StreamEntry entry);

    /// <summary>Whether the PES packets of a chosen stream that begin now are wanted. The others are passed over.</summary>
    /// <param name="entry">What the PMT says of the stream.</param>
    /// <param name="key">What opens it; <see langword="null"/> where it is clear.</param>
    bool Wants(StreamEntry entry, SampleAesKey? key);

    /// <summary>Whether what was gathered of a stream ends where one of its units does. Otherwise the next PES packet is added first.</summary>
    bool IsWhole(ElementaryStream stream);

    /// <summary>Takes what was gathered of a stream. It is gone afterwards.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="window">The packets that it came in, which may be changed.</param>
    void Handle(ElementaryStream stream, Span<byte> window);

    /// <summary>Takes the sections that were found on the PID of a program map.</summary>
    /// <param name="run">The sections.</param>
    /// <param name="maps">Of each the program map that it is, or <see langword="null"/>.</param>
    /// <param name="window">The packets that they came in, which may be changed.</param>
    /// <param name="place">The last of them.</param>
    void HandleMaps(SectionRun run, IReadOnlyList<ProgramMap?> maps, Span<byte> window, in UnitPlace place);

    /// <summary>A stream has ended, or is not listed any more.</summary>
    void End(ElementaryStream stream);
}
