namespace Keyway.Containers.TransportStream.Packets;

/// <summary>What a PMT says of one elementary stream.</summary>
internal sealed record StreamEntry
{
    public required int Pid { get; init; }

    /// <summary>The <c>stream_type</c> as it stands there.</summary>
    public required byte Type { get; init; }

    public required StreamCodec Codec { get; init; }

    /// <summary>Whether the type says that the stream is protected with SAMPLE-AES.</summary>
    public required bool IsMarked { get; init; }

    /// <summary>The language (<c>ISO_639_language_descriptor</c>), three letters; <see langword="null"/> where none is said.</summary>
    public string? Language { get; init; }

    /// <summary>What an unprotected stream would be set up with (<c>apad</c>): an AudioSpecificConfig, the beginning of a syncframe, or the content of <c>dec3</c>.</summary>
    public ReadOnlyMemory<byte> Setup { get; init; }

    /// <summary>Whether its PMT marks no stream at all, so that a playlist that speaks of SAMPLE-AES is alone in it.</summary>
    public bool IsInUnmarkedProgram { get; set; }

    /// <summary>How it is called in texts.</summary>
    public override string ToString() => $"PID 0x{Pid:X} ({StreamType.NameOf(Codec, Type)}, stream type 0x{Type:X2})";

    /// <summary>Whether another one says the same of what its packets carry.</summary>
    public bool IsLike(StreamEntry other) => Pid == other.Pid && Type == other.Type && Codec == other.Codec && IsInUnmarkedProgram == other.IsInUnmarkedProgram;
}
