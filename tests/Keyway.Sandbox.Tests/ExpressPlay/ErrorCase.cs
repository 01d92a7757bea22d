namespace Keyway.Sandbox.ExpressPlay;

/// <summary>A row of the documentation's table of errors, with a request that is right and a like one that earns the code.</summary>
/// <param name="Code">The code.</param>
/// <param name="Status">The status.</param>
/// <param name="Right">What the request that is right has beyond a common one.</param>
/// <param name="Wrong">What makes it wrong.</param>
/// <param name="Systems">wv, pr, or both.</param>
internal sealed record ErrorCase(int Code, int Status, string[] Right, string[] Wrong, string Systems = "wv pr")
{
    /// <summary>Nothing in a request leads to the code, as far as is documented: the emulator is told to answer with it.</summary>
    public static ErrorCase Forced(int code, int status, string systems = "wv pr") => new(code, status, [], [], systems);

    /// <summary>All of them.</summary>
    public static readonly ErrorCase[] All =
    [
        new(-2002, 400, ["expirationTime=+60"], ["expirationTime=+2592001"]),
        new(-2002, 400, ["expirationTime=+2592000"], ["expirationTime=60"]),
        new(-2002, 400, ["expirationTime=2040-01-30T00:00:00Z", "&now=2208988800"], ["expirationTime=2040-02-01T00:00:00Z", "&now=2208988800"]),   // from 2040-01-01T00:00:00Z on
        new(-2002, 400, ["expirationTime=2040-01-01T00:00:01Z", "&now=2208988800"], ["expirationTime=2040-01-01T00:00:00Z", "&now=2208988800"]),
        new(-2002, 400, ["expirationTime=2040-01-30T00:00:00.5Z", "&now=2208988800"], ["expirationTime=2040-01-30T00:00:00+01:00", "&now=2208988800"]),
        Forced(-2003, 400),
        new(-2005, 400, [], ["-contentKey"]),
        new(-2008, 400, ["hdcpOutputControl=1"], ["hdcpOutputControl=HDCP"], "wv"),
        new(-2008, 400, ["outputControlFlags=00000001"], ["outputControlFlags=0000000g"], "pr"),
        new(-2017, 401, [], ["-customerAuthenticator"]),
        new(-2017, 401, [], ["customerAuthenticator="]),
        new(-2018, 401, [], ["customerAuthenticator={production}"]),
        new(-2018, 401, [], ["customerAuthenticator=201722,00112233445566778899aabbccddeeff"]),
        new(-2019, 401, ["customerAuthenticator={test}"], ["customerAuthenticator={test-without-credits}"]),
        new(-2020, 400, [], ["-rightsType"], "pr"),
        new(-2021, 400, [], ["rightsType=buytoown"], "pr"),
        Forced(-2022, 400, "wv"),
        new(-2022, 400, ["rightsType=Rental", "rental.periodEndTime=+60"], ["rightsType=Rental"], "pr"),
        Forced(-2023, 400, "wv"),
        new(-2023, 400, ["rightsType=Rental", "rental.periodEndTime=+60", "rental.playDuration=10"], ["rightsType=Rental", "rental.periodEndTime=+60", "rental.playDuration="], "pr"),
        Forced(-2025, 400, "wv"),
        new(-2025, 400, ["rightsType=Rental", "rental.periodEndTime=+60"], ["rightsType=Rental", "rental.periodEndTime=60"], "pr"),
        new(-2025, 400, ["rightsType=Rental", "rental.periodEndTime=+60", "rental.playDuration=10"], ["rightsType=Rental", "rental.periodEndTime=+60", "rental.playDuration=-10"], "pr"),
        new(-2027, 400, [], ["contentKey=b0b1b2b3b4b5b6b7b8b9babbbcbdbeb"]),
        new(-2027, 400, [], ["contentKey=b0b1b2b3-b4b5-b6b7-b8b9-babbbcbdbebf"]),
        Forced(-2030, 500),
        new(-2031, 401, [], ["customerAuthenticator={test-disabled}"]),
        new(-2033, 400, ["cookie=01234567890123456789012345678901"], ["cookie=012345678901234567890123456789012"]),
        new(-2034, 400, ["hdcpOutputControl=5"], ["hdcpOutputControl=6"], "wv"),
        new(-2034, 400, ["hdcpOutputControl=2", "&strict=1"], ["hdcpOutputControl=3", "&strict=1"], "wv"),
        new(-2034, 400, ["analogVideoOPL=999"], ["analogVideoOPL=1000"], "pr"),
        new(-2034, 400, ["uncompressedDigitalVideoOPL=0"], ["uncompressedDigitalVideoOPL=-1"], "pr"),
        new(-2035, 400, ["cookie=c"], ["cookie="]),
        new(-2035, 400, [], ["contentKey="]),
        new(-2035, 400, ["extensionType=abcd", "extensionPayload=AAAA"], ["extensionType=abcd"], "pr"),
        new(-2036, 400, ["wvExtension=abcd,AAAA"], ["wvExtension=abcde,AAAA"], "wv"),
        new(-2036, 400, ["extensionType=abcd", "extensionPayload=AAAA"], ["extensionType=abc", "extensionPayload=AAAA"], "pr"),
        new(-2037, 400, ["wvExtension=abcd,AAAA"], ["wvExtension=abcd,AAA"], "wv"),
        new(-2037, 400, ["extensionType=abcd", "extensionPayload=AAAA"], ["extensionType=abcd", "extensionPayload=AAA"], "pr"),
        Forced(-2040, 400, "wv"),
        new(-2040, 400, ["outputControlFlags=00000001"], ["outputControlFlags=000001"], "pr"),
        new(-3004, 400, ["errorFormat=json"], ["errorFormat=xml"]),
        Forced(-4001, 401),
        Forced(-4010, 401, "wv"),   // and at a licence host: see LicenseHostTests
        new(-4018, 400, [], ["-kid"]),
        new(-4018, 400, [], ["KID=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "-kid"]),
        new(-4019, 500, ["-contentKey", "kid=d2aca19319b8ca2fa0315b7842893e3a", "kek=000102030405060708090a0b0c0d0e0f"], ["-contentKey", "kek=000102030405060708090a0b0c0d0e0f"]),
        new(-4020, 400, [], ["kid=a0a1a2a3-a4a5-a6a7-a8a9-aaabacadaeaf"]),
        new(-4020, 400, [], ["kid=0xa0a1a2a3a4a5a6a7a8a9aaabacadaeaf"]),
        new(-4021, 400, ["kid=^0123456789012345678901234567890123456789012345678901234567890123"], ["kid=^01234567890123456789012345678901234567890123456789012345678901234"]),
        new(-4021, 400, ["kid=^a"], ["kid=^"]),
        new(-4022, 400, ["-kid", "kid.0=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "kid.1=c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"], ["-kid", "kid.0=a0a1a2a3a4a5a6a7a8a9aaabacadaeaf", "kid.1=A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"]),
        new(-4024, 400, ["-contentKey", "kek=000102030405060708090a0b0c0d0e0f", "ek=1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"], ["-contentKey", "kek=000102030405060708090a0b0c0d0e0e", "ek=1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"]),
        new(-4024, 400, ["-contentKey", "kek=000102030405060708090a0b0c0d0e0f", "ek=1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5"], ["-contentKey", "kek=000102030405060708090a0b0c0d0e0f", "ek=1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cf"]),
        new(-5001, 400, ["unknownOutputBehavior=SDOnly"], ["unknownOutputBehavior=sdonly"], "pr"),
        new(-5002, 401, ["customerAuthenticator={test-without-widevine}"], ["customerAuthenticator={test-without-playready}"], "pr"),
        new(-5003, 400, ["generalFlags=00000001"], ["generalFlags=00000002"]),
        new(-5003, 400, ["generalFlags=00000000", "&strict=1"], ["generalFlags=00000001", "&strict=1"], "wv"),
        new(-5003, 400, ["rightsType=Rental", "rental.periodEndTime=+60", "generalFlags=00000001"], ["rightsType=Rental", "rental.periodEndTime=+60", "generalFlags=00000000"], "pr"),
        new(-5004, 400, ["deviceid=00112233445566778899aabbccddeeff"], ["deviceid=00112233445566778899aabbccddee"], "pr"),
        new(-5005, 400, ["deviceid=00112233445566778899aabbccddeeff"], ["deviceid=00112233445566778899aabbccddeefg"], "pr"),
        new(-5006, 400, [], ["-compressedDigitalAudioOPL"], "pr"),
        new(-5007, 400, [], ["kek=000102030405060708090a0b0c0d0e0f"], "pr"),
        Forced(-6005, 400, "wv"),
        Forced(-6007, 400, "wv"),
        new(-7002, 400, [], ["deviceid=00112233445566778899aabbccddeeff"], "wv"),
        new(-7003, 400, [], ["-securityLevel"], "wv"),
        new(-7004, 400, ["securityLevel=5"], ["securityLevel=6"], "wv"),
        new(-7006, 400, [], ["-hdcpOutputControl"], "wv"),
        new(-7007, 400, ["licenseDuration=60"], ["licenseDuration=-60"], "wv"),
        Forced(-7008, 500, "wv"),   // and at a licence host: see LicenseHostTests
        new(-7009, 400, ["wvExtension=abcd,AAAA"], ["wvExtension=abcdAAAA"], "wv"),
        new(-7011, 401, ["customerAuthenticator={test-without-playready}"], ["customerAuthenticator={test-without-widevine}"], "wv"),
    ];

    /// <summary>The codes that the documentation lists on the token page of a system.</summary>
    public static int[] Documented(string system)
    {
        int[] both =
        [
            -2002, -2003, -2005, -2008, -2017, -2018, -2019, -2022, -2023, -2025, -2027, -2030, -2031, -2033, -2034, -2035, -2036, -2037, -2040, -3004, -4001, -4018, -4019, -4020,
            -4021, -4022, -4024, -5003,
        ];
        return system == "wv" ? [.. both, -4010, -6005, -6007, -7002, -7003, -7004, -7006, -7007, -7008, -7009, -7011] : [.. both, -2020, -2021, -5001, -5002, -5004, -5005, -5006, -5007];
    }
}
