namespace Keyway.Testing;

/// <summary>The suite finds what is wrong: a key system that keeps every promise, and the same one with one flaw after the other.</summary>
public sealed class KeySystemConformanceTests
{
    public static TheoryData<string> Promises => [.. KeySystemConformance.Promises];

    [Theory]
    [MemberData(nameof(Promises))]
    public Task Sound_key_system_keeps(string promise)
    {
        FlawedKeySystem.Shared.Value = new FlawedKeySystem.Static();
        return new KeySystemConformance(static () => FlawedKeySystem.UnderTest(Flaw.None)).CheckAsync(promise);
    }

    [Theory]
    [InlineData(Flaw.DescriptorChanges, "It says what it is*", "*when it is asked again")]
    [InlineData(Flaw.HeaderLosesBytes, "Its own headers are read*", "*not kept byte for byte")]
    [InlineData(Flaw.HeaderOfOneThread, "Headers may be read from several threads", "*one thread*")]
    [InlineData(Flaw.HeaderOverruns, "A header that makes no sense*", "*IndexOutOfRangeException*")]
    [InlineData(Flaw.ForeignHeaderThrows, "A header of another system is read*", "*ArgumentException*")]
    [InlineData(Flaw.HeaderCosts, "A large header costs*", "*100 MiB*")]
    [InlineData(Flaw.CancelledStartThrows, "A start that is cancelled ends", "*InvalidOperationException*")]
    [InlineData(Flaw.OpeningThrows, "A session for nothing*", "*0 headers and 0 keys*")]
    [InlineData(Flaw.ChallengeSaysNothing, "A challenge is written*", "*does not say what it is for")]
    [InlineData(Flaw.ChallengeRepeats, "No two challenges are the same*", "*byte for byte")]
    [InlineData(Flaw.ChallengeHoldsCredential, "No challenge holds*", "secret 1 is in the first challenge*")]
    [InlineData(Flaw.ReleaseThrows, "A challenge of any kind*", "*Release*NotSupportedException*")]
    [InlineData(Flaw.CancelledCallThrows, "A call that is cancelled ends", "*writing a challenge*InvalidOperationException*")]
    [InlineData(Flaw.KeyMissing, "A licence brings the keys*", "*did not come")]
    [InlineData(Flaw.KeyOfOtherBytes, "A licence brings the keys*", "*with other bytes")]
    [InlineData(Flaw.KeyTwice, "A licence brings the keys*", "*imported twice")]
    [InlineData(Flaw.KeyOfOtherBytes, "Keys open samples*", "*")]
    [InlineData(Flaw.KeyStays, "The bytes of a key are cleared*", "2 of 2 keys are still in the buffer*")]
    [InlineData(Flaw.AnswerKept, "An answer's memory is not used after the call", "*")]
    [InlineData(Flaw.FirstPieceOnly, "An answer in pieces is the same answer", "*")]
    [InlineData(Flaw.CutTaken, "An answer that is cut anywhere*", "*is not in both")]
    [InlineData(Flaw.FlipTaken, "A changed bit of an answer*", "*is taken, and *")]
    [InlineData(Flaw.ImportsFirst, "A changed bit of an answer*", "*handed to the framework before")]
    [InlineData(Flaw.NoLicenseThrows, "An answer that is no licence*", "*InvalidDataException*")]
    [InlineData(Flaw.NoLicenseTaken, "An answer that is no licence*", "*is taken for one")]
    [InlineData(Flaw.AnyChallenge, "An answer to another challenge is refused*", "*is taken")]
    [InlineData(Flaw.SecondAnswerThrows, "The same answer a second time*", "*InvalidOperationException*")]
    [InlineData(Flaw.RefusalInLicense, "No refusal is seen in a licence*", "it sees a refusal in a good answer")]
    [InlineData(Flaw.LookingThrows, "No refusal is seen in a licence*", "*InvalidDataException*")]
    [InlineData(Flaw.KeyInText, "No refusal's text holds*", "key *")]
    [InlineData(Flaw.OfferThrows, "A header that is offered later*", "*ArgumentOutOfRangeException*")]
    [InlineData(Flaw.ForeignOfferTaken, "A header of another system that is offered*", "*Absorbed")]
    [InlineData(Flaw.SavesLess, "What it saves it takes up again*", "*did not come")]
    [InlineData(Flaw.SavedThrows, "What was saved and is damaged*", "*EndOfStreamException*")]
    [InlineData(Flaw.SessionsShare, "Sessions beside each other do not mix", "*")]
    [InlineData(Flaw.DisposedTwiceThrows, "A session may be disposed*", "*a second time*")]
    [InlineData(Flaw.DisposedTwiceThrows, "It may be disposed twice*", "*a second time*")]
    [InlineData(Flaw.DisposalEndsOthers, "It may be disposed twice*", "*")]
    public async Task Flaw_breaks_its_promise_and_is_named(Flaw flaw, string promise, string finding)
    {
        FlawedKeySystem.Shared.Value = new FlawedKeySystem.Static();
        if (flaw == Flaw.KeyStays && !OperatingSystem.IsLinux()) Assert.Skip("needs /proc/self/mem");
        string named = KeySystemConformance.Promises.Single(each => each.StartsWith(promise.TrimEnd('*'), StringComparison.Ordinal));
        Func<Task> check = () => new KeySystemConformance(() => FlawedKeySystem.UnderTest(flaw)).CheckAsync(named);
        ConformanceException broken = (await check.Should().ThrowAsync<ConformanceException>()).Which;
        broken.Promise.Should().Be(named);
        broken.Finding.Should().Match(finding);
        broken.Message.Should().Be($"{named}: {broken.Finding}");
    }
}
