namespace Keyway.Mp4;

/// <summary>One sample of a <see cref="ProtectedFragment"/>, as the file has it.</summary>
public readonly record struct ProtectedSample
{
    private readonly ClearSample _facts;

    internal ProtectedSample(ClearSample facts, SampleEncryption? encryption) => (_facts, Encryption) = (facts, encryption);

    /// <summary>What opens it; <see langword="null"/> where it is clear, as samples of a protected track may be.</summary>
    public SampleEncryption? Encryption { get; }

    /// <summary>The payload as the file stores it, protected where <see cref="Encryption"/> says so. Valid as long as its fragment.</summary>
    public ReadOnlyMemory<byte> Data => _facts.Data;

    /// <inheritdoc cref="ClearSample.DecodeTime"/>
    public ulong DecodeTime => _facts.DecodeTime;

    /// <inheritdoc cref="ClearSample.Duration"/>
    public uint Duration => _facts.Duration;

    /// <inheritdoc cref="ClearSample.CompositionOffset"/>
    public int CompositionOffset => _facts.CompositionOffset;

    /// <inheritdoc cref="ClearSample.PresentationUnits"/>
    public long PresentationUnits => _facts.PresentationUnits;

    /// <inheritdoc cref="ClearSample.PresentationTime"/>
    public TimeSpan PresentationTime => _facts.PresentationTime;

    /// <inheritdoc cref="ClearSample.DecodingTime"/>
    public TimeSpan DecodingTime => _facts.DecodingTime;

    /// <inheritdoc cref="ClearSample.IsPresented"/>
    public bool IsPresented => _facts.IsPresented;

    /// <inheritdoc cref="ClearSample.IsSync"/>
    public bool IsSync => _facts.IsSync;
}
