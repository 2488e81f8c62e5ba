namespace StreamUsage;

/// <summary>Specifies which content of an exchange is kept in its record.</summary>
[Flags]
public enum CapturedContent
{
    /// <summary>No content.</summary>
    None = 0,

    /// <summary>The message of the response: <see cref="CapturedResponse.Message"/>.</summary>
    Message = 1,

    /// <summary>The data of every event: <see cref="CapturedResponse.Events"/>.</summary>
    Events = 2,

    /// <summary>The request body, if the caller gave it: <see cref="UsageContext.RequestBody"/>.</summary>
    RequestBody = 4,

    /// <summary>The response headers, with secrets redacted.</summary>
    Headers = 8,
}
