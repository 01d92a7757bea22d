using Keyway.Decryption;
using static Keyway.Mp4.BoxBytes;
using static Keyway.Mp4.Made;

namespace Keyway.Mp4.Samples;

/// <summary>Every way of writing auxiliary information that packagers have: each sample comes out as it went in, in fragments and in movies.</summary>
public sealed class AuxiliaryVariantTests
{
    public static TheoryData<ProtectionScheme, bool> Kinds => new()
    {
        { ProtectionScheme.Cenc, false }, { ProtectionScheme.Cenc, true }, { ProtectionScheme.Cens, false }, { ProtectionScheme.Cens, true },
        { ProtectionScheme.Cbc1, false }, { ProtectionScheme.Cbc1, true }, { ProtectionScheme.Cbcs, false }, { ProtectionScheme.Cbcs, true },
    };

    private static IEnumerable<AuxiliaryVariant> All(ProtectionScheme scheme, bool progressive) =>
        from iv in (int[])[8, 16, 0]
        from maps in (bool[])[false, true]
        from place in (string[])["senc", "saio", "both"]
        from one in (bool[])[true, false]
        from clear in (string[])["none", "group", "entry", "zero"]
        from has in (string[])["alike", "empty", "uncounted", "group"]
        from groupIv in (int[])[0, 8, 16]
        where one || place != "senc"
        where clear != "none" || (has == "alike" && groupIv == 0)
        where clear != "entry" || (progressive && groupIv == 0)
        where clear != "zero" || (has == "empty" && groupIv == 0 && place != "senc" && iv > 0)
        where clear == "group" || groupIv == 0
        where has != "group" || clear == "group"

        // With saiz the length of an entry is what it says, whatever the group has; an entry of no bytes is not counted there in another way.
        where place == "senc" || has != "uncounted"
        select new AuxiliaryVariant
        {
            Scheme = scheme,
            Progressive = progressive,
            Iv = iv,
            Maps = maps,
            Senc = place != "saio",
            Saio = place != "senc",
            OneOffset = one,
            Clear = clear,
            ClearHas = has,
            GroupIv = groupIv,
        };

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Every_sample_comes_out_as_it_went_in(ProtectionScheme scheme, bool progressive)
    {
        int tried = 0;
        foreach (AuxiliaryVariant variant in LongRun.Of(All(scheme, progressive), 60))
        {
            try
            {
                await ExpectAsync(variant);
                tried++;
            }
            catch (MediaFormatException e) when (variant is { Saio: false, Maps: false, GroupIv: > 0 } && variant.ClearHas is "empty" or "uncounted")
            {
                // Neither the standard's layout nor the only one of these lengths: nobody could know.
                e.Message.Should().Contain("two sizes");
            }
        }

        tried.Should().BeGreaterThan(LongRun.Times(150, 50));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Vectors_of_another_size_than_the_track_says_are_read_where_lengths_say_it_and_never_guessed(ProtectionScheme scheme, bool progressive)
    {
        int read = 0, refused = 0;

        // A file whose group lies about its entries as well can be exactly as long as the standard says, and then nobody could know.
        foreach (AuxiliaryVariant variant in LongRun.Of(All(scheme, progressive).Where(v => v.Iv > 0 && v is not { Saio: false, Maps: false, GroupIv: > 0, ClearHas: "empty" or "uncounted" }), 50))
        {
            AuxiliaryVariant wrong = variant with { RealIv = 24 - variant.Iv };
            try
            {
                await ExpectAsync(wrong);
                read++;
            }
            catch (Exception e) when (e is MediaFormatException)
            {
                refused++;
                wrong.Should().NotBe(wrong with { Maps = true, Senc = true, Saio = true }, "the lengths are unambiguous, and this was said: {0}", e.Message);
            }
        }

        read.Should().BePositive();
        refused.Should().BePositive();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_behind_the_last_entry_are_refused(bool maps)
    {
        byte[] entry = Join(Iv(1), maps ? Join(U16(1), U16(8), U32(32)) : []);
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("senc", 0, maps ? 2 : 0, U32(1), entry, Zeros(6)))]);
        byte[] file = Join(Init, moof, Box("mdat", Sample(1, 40)));
        (await RefusedAsync<MediaFormatException>(file)).Message.Should().Contain("6 bytes are left").And.Contain("moof/traf");
    }

    [Fact]
    public async Task Entries_that_can_be_read_in_two_ways_are_refused()
    {
        // 16 bytes each: a vector; or half a vector and a map that adds up.
        byte[] aux = Join(Iv(1), U16(1), U16(8), U32(32));
        byte[] init = Moov(Trak(1, Stsd(Enca(Sinf(tenc: Tenc(16))))));
        byte[] moof = Moof(l => [Box("traf", Tfhd(), Trun(l + 8, 40), Full("saiz", 0, 0, U8(16), U32(1)), Full("saio", 0, 0, U32(1), U32((uint)l + 48)))]);
        (await RefusedAsync<MediaFormatException>(Join(init, moof, Box("mdat", Sample(1, 40), aux)))).Message.Should().Contain("two sizes");
    }

    private static async Task ExpectAsync(AuxiliaryVariant variant)
    {
        byte[] file = variant.ToFile();
        byte[][] samples = AuxiliaryVariant.Samples;
        using RawMediaKeys keys = new();
        keys.Add(Kid, Key);
        try
        {
            foreach (bool seek in (bool[])[true, false])
            {
                // Of a stream, what lies elsewhere in the file is out of reach.
                if (!seek && variant is { Progressive: true, Senc: false, Saio: true }) continue;
                (byte[] clear, _) = await DecryptAsync(file, keys, seek);
                await ExpectSamplesAsync(clear, [samples]);
                await ExpectSamplesAsync(await MergeAsync(seek, file), [samples]);
            }
        }
        catch (Exception e) when (e is not MediaFormatException)
        {
            throw new InvalidOperationException($"{variant}: {(e.Message.Length > 300 ? e.Message[..300] : e.Message)}", e);
        }
    }
}
