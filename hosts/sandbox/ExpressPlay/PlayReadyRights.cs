using System.Globalization;

namespace Keyway.Sandbox.ExpressPlay;

/// <summary>What is particular to a request for a PlayReady token.</summary>
internal static class PlayReadyRights
{
    private const int MostOutputLevel = 999;

    // The service's name of an output protection level, and the one in cfg.
    private static readonly (string Name, string Term)[] Levels =
    [
        ("analogVideoOPL", "avopl"), ("compressedDigitalAudioOPL", "caopl"), ("compressedDigitalVideoOPL", "cvopl"), ("uncompressedDigitalAudioOPL", "ucaopl"), ("uncompressedDigitalVideoOPL", "ucvopl"),
    ];

    /// <summary>Demands what must be there.</summary>
    /// <param name="parameters">The request.</param>
    /// <exception cref="ServiceException">It is not there.</exception>
    public static void Demand(TokenParameters parameters)
    {
        string rights = parameters.Value("rightsType") ?? throw new ServiceException(ErrorCodes.NoRightsType);
        if (rights is not ("BuyToOwn" or "Rental")) throw new ServiceException(ErrorCodes.RightsType);
        if (rights == "Rental" && parameters.Value("rental.periodEndTime") is null) throw new ServiceException(ErrorCodes.NoRentalEnd);
        if (rights == "Rental" && parameters.Raw("rental.playDuration") is "") throw new ServiceException(ErrorCodes.NoPlayDuration);
        foreach (int? key in parameters.Keys())
            foreach ((string name, _) in Levels)
                if (parameters.Value(name, key) is null) throw new ServiceException(ErrorCodes.NoOutputLevel, $"{name} is missing");
    }

    /// <summary>The terms of every licence, as parts of <c>cfg</c>.</summary>
    /// <param name="parameters">The request.</param>
    /// <param name="now">The time.</param>
    /// <param name="isStrict">Whether only what is documented is right.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>The parts.</returns>
    /// <exception cref="ServiceException">A value is not right.</exception>
    public static string Terms(TokenParameters parameters, DateTimeOffset now, bool isStrict, EmulatorNotes notes)
    {
        bool isRental = parameters.Value("rightsType") == "Rental";
        bool? flag = GeneralFlags.Read(parameters, onlyZero: false);
        if (isRental && (flag == false || (flag is null && isStrict))) throw new ServiceException(ErrorCodes.GeneralFlags, "a rental must be persistent");
        List<string> terms = [flag ?? isRental ? "persist:true" : "persist:false"];
        if (isRental) AddRental(parameters, now, terms, notes);

        string unknown = parameters.Value("unknownOutputBehavior") ?? "";
        terms.AddRange(unknown switch
        {
            "" or "Disallow" => [],
            "Allow" => ["playenablers:786627D8-C2A6-44BE-8F88-08AE255B01A7"],
            "SDOnly" => ["playenablers:B621D91F-EDCC-4035-8D4B-DC71760D43E9"],
            _ => throw new ServiceException(ErrorCodes.UnknownOutput),
        });
        if (unknown.Length > 0) notes.Assume("unknownOutputBehavior");

        CheckFlags(parameters, notes);
        return string.Join(',', terms);
    }

    /// <summary>The device that the token is to be bound to.</summary>
    /// <param name="parameters">The request.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>It, or <see langword="null"/>: any.</returns>
    /// <exception cref="ServiceException">It is not right.</exception>
    public static string? Device(TokenParameters parameters, EmulatorNotes notes)
    {
        if (parameters.Value("deviceid") is not { } device) return null;
        if (device.Length != 32) throw new ServiceException(ErrorCodes.DeviceIdLength);
        if (!device.All(char.IsAsciiHexDigit)) throw new ServiceException(ErrorCodes.DeviceId);
        notes.Assume("device-id");   // here: the client id in the device's certificate
        return device.ToLowerInvariant();
    }

    /// <summary>The terms of a key's licence, likewise.</summary>
    /// <param name="parameters">The request.</param>
    /// <param name="key">The key's number.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <returns>The parts.</returns>
    /// <exception cref="ServiceException">A value is not right.</exception>
    public static string KeyTerms(TokenParameters parameters, int? key, EmulatorNotes notes)
    {
        List<string> terms = [];
        foreach ((string name, string term) in Levels)
        {
            if (Times.Seconds(parameters.Value(name, key)!) is not (>= 0 and <= MostOutputLevel and int level)) throw new ServiceException(ErrorCodes.OutputRange, $"{name} is not a number from 0 to {MostOutputLevel}");
            terms.Add(string.Create(CultureInfo.InvariantCulture, $"{term}:{level}"));
        }

        // No code is documented for a wrong value of these two.
        if (parameters.Value("minCertSecurityLevel", key) is { } security)
        {
            if (security is "150" or "2000" or "3000") terms.Add("sl:" + security);
            else notes.Ignore("minCertSecurityLevel");
        }

        switch (parameters.Value("algId", key))
        {
            case null or "aesctr": terms.Add("ckt:aes128bitctr"); break;
            case "aescbc": terms.Add("ckt:aes128bitcbc"); break;
            default: notes.Ignore("algId"); break;
        }

        return string.Join(',', terms);
    }

    /// <summary>Checks the extension.</summary>
    /// <param name="parameters">The request.</param>
    /// <param name="notes">What the answer says about itself.</param>
    /// <exception cref="ServiceException">It is not right.</exception>
    public static void CheckExtensions(TokenParameters parameters, EmulatorNotes notes)
    {
        if (parameters.Value("extensionType") is not { } type) return;
        Extensions.Check(type, parameters.Value("extensionPayload") ?? throw new ServiceException(ErrorCodes.NoValue, "extensionType has no extensionPayload"));
        notes.Ignore("extensionType");
    }

    private static void AddRental(TokenParameters parameters, DateTimeOffset now, List<string> terms, EmulatorNotes notes)
    {
        string text = parameters.Value("rental.periodEndTime")!;
        if (Times.Read(text, now) is not { } end || end <= now || end.ToUnixTimeSeconds() >= uint.MaxValue) throw new ServiceException(ErrorCodes.Rental, "rental.periodEndTime is no time to come");
        if (text[0] == '+') notes.Assume("rental-from-token");   // from the making of the token on, not from its redemption
        terms.Add(end.UtcDateTime.ToString("'enddate:'yyyyMMddHHmmss", CultureInfo.InvariantCulture));
        if (parameters.Value("rental.playDuration") is not { } duration) return;
        if (Times.Seconds(duration) is not (> 0 and int seconds)) throw new ServiceException(ErrorCodes.Rental, "rental.playDuration is not a number of seconds");
        terms.Add(string.Create(CultureInfo.InvariantCulture, $"firstexp:{seconds}"));
    }

    private static void CheckFlags(TokenParameters parameters, EmulatorNotes notes)
    {
        if (parameters.Value("outputControlFlags") is not { } flags) return;
        if (!flags.All(char.IsAsciiHexDigit)) throw new ServiceException(ErrorCodes.OutputFlags);
        if (flags.Length != 8) throw new ServiceException(ErrorCodes.FlagLength);
        notes.Ignore("outputControlFlags");
    }
}
