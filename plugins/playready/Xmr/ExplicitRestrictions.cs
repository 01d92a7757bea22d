namespace Keyway.PlayReady.Xmr;

/// <summary>The explicit output restrictions that Microsoft publishes.</summary>
internal static class ExplicitRestrictions
{
    public static Guid HdcpType { get; } = new("ABB2C6F1-E663-4625-A945-972D17B231E7");
    public static Guid MaximumResolution { get; } = new("9645E831-E01D-4FFF-8342-0A720E3E028F");
    public static Guid Scms { get; } = new("6D5CFA59-C250-4426-930E-FAC72C8FCFA6");
    public static Guid AgcAndColorStripe { get; } = new("C3FD11C6-F8B7-4D20-B008-1DB17D61F2DA");
    public static Guid CgmsA { get; } = new("225CD36F-F132-49EF-BA8C-C91EA28E4369");
    public static Guid AnalogComputerMonitor { get; } = new("D783A191-E083-4BAF-B2DA-E69F910B3772");
    public static Guid AnalogComponent { get; } = new("811C5110-46C8-4C6E-8163-C0482A15D47E");
    public static Guid DigitalVideoOnly { get; } = new("760AE755-682A-41E0-B1B3-DCDF836A7306");

    private static readonly Guid[] Known =
    [
        HdcpType, MaximumResolution, Scms, AgcAndColorStripe, CgmsA, AnalogComputerMonitor, AnalogComponent, DigitalVideoOnly,
    ];

    /// <summary>
    /// Names a restriction. Which order its bytes have in a licence is not confirmed by anything public: like a KID's, and the other one where
    /// that names nothing known. An identifier that nobody knows closes the output either way.
    /// </summary>
    public static Guid Identify(ReadOnlySpan<byte> bytes)
    {
        Guid little = new(bytes, bigEndian: false);
        Guid big = new(bytes, bigEndian: true);
        return !Known.Contains(little) && Known.Contains(big) ? big : little;
    }
}
