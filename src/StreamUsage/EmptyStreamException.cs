namespace StreamUsage;

/// <summary>
/// The body ended without anything that could be read as an answer. Thrown by the reader's last read, and only where
/// <see cref="StreamUsageOptions.ThrowOnUnreadableStream"/> is set: a signal to try another provider. An <see cref="HttpRequestException"/>, because <see cref="HttpContent"/> wraps every
/// <see cref="IOException"/> of a copy in one.
/// </summary>
public sealed class EmptyStreamException : HttpRequestException
{
    /// <summary>Creates the exception without saying more.</summary>
    public EmptyStreamException()
        : this("The response body held no answer.")
    {
    }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What was found instead of an answer.</param>
    public EmptyStreamException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with a message and a cause.</summary>
    /// <param name="message">What was found instead of an answer.</param>
    /// <param name="innerException">The cause.</param>
    public EmptyStreamException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }

    internal EmptyStreamException(StreamOutcome outcome)
        : this(outcome == StreamOutcome.Empty ? "The response body was empty." : "The response body held nothing that could be read as an answer.")
    {
        Outcome = outcome;
    }

    /// <summary><see cref="StreamOutcome.Empty"/> or <see cref="StreamOutcome.Unreadable"/>.</summary>
    public StreamOutcome Outcome { get; } = StreamOutcome.Empty;
}
