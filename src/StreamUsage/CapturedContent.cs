namespace StreamUsage;

/// <summary>What of an exchange is kept in its record beside the figures.</summary>
[Flags]
public enum CapturedContent
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The response's headers, secrets redacted.</summary>
    Headers = 8,
}
