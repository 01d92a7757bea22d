namespace Keyway.Licensing.Exchanges;

/// <summary>What the names in templates stand for.</summary>
internal interface ITemplateValues
{
    /// <summary>Whether people are shown what a request would be: then encodings are written as words.</summary>
    bool IsPreview { get; }

    /// <summary>Finds a value.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="optional">Whether it may be missing.</param>
    /// <param name="cancellationToken">Cancels the search: a token may have to be fetched.</param>
    /// <returns>The value; <see langword="null"/> when it may be missing and is.</returns>
    /// <exception cref="LicenseServiceException">It is missing and may not be.</exception>
    ValueTask<TemplateValue?> FindAsync(string name, bool optional, CancellationToken cancellationToken);
}
